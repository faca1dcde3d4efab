import type { Terminal } from '../../shared/terminal.ts';

/** Lines that are drawn over the ones before. They must fit the terminal. */
export interface Redrawn {
  show(lines: readonly string[]): void;
  /** Lines that stay, above. */
  say(lines: readonly string[]): void;
}

export function openRedrawn(output: Terminal): Redrawn {
  let height = 0;
  let drawn: readonly string[] = [];
  const back = () => (height === 0 ? '' : `\x1b[${height}A`);
  // Each line clears its own rest, so nothing flickers.
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\x1b[K\n`).join('');
  return {
    show: (lines) => {
      output.write(`${back()}${text(lines)}\x1b[0J`);
      height = lines.length;
      drawn = lines;
    },
    say: (lines) => {
      output.write(`${back()}${text([...lines, ...drawn])}\x1b[0J`);
    },
  };
}
