/** The output of a command: a terminal, or a pipe. */
export interface Terminal {
  /** True if lines can be redrawn in place. */
  readonly isInteractive: boolean;
  readonly hasColor: boolean;
  columns(): number;
  rows(): number;
  write(text: string): void;
}

export function openTerminal(
  stream: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isInteractive = stream.isTTY === true && env.TERM !== 'dumb';
  return {
    isInteractive,
    hasColor: isInteractive && (env.NO_COLOR ?? '') === '',
    // A pseudo-terminal can report 0.
    columns: () => stream.columns || 80,
    rows: () => stream.rows || 24,
    write: (text) => {
      stream.write(text);
    },
  };
}
