import type { Terminal } from '../../shared/terminal.ts';

/** Lines that replace the previous ones. They must fit the terminal. */
export interface Redrawn {
  show(lines: readonly string[]): void;
  /** These lines stay on the screen, above the others. */
  printAbove(lines: readonly string[]): void;
}

export function openRedrawn(output: Terminal): Redrawn {
  let height = 0;
  let drawn: readonly string[] = [];
  const back = () => (height === 0 ? '' : `\x1b[${height}A`);
  // Each line clears only the rest of itself, so nothing flickers.
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\x1b[K\n`).join('');
  return {
    show: (lines) => {
      output.write(`${back()}${text(lines)}\x1b[0J`);
      height = lines.length;
      drawn = lines;
    },
    printAbove: (lines) => {
      output.write(`${back()}${text([...lines, ...drawn])}\x1b[0J`);
    },
  };
}
