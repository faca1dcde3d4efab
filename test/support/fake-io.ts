import type { Environment, Io } from '../../cli/terminal.ts';
import type { Terminal } from '../../shared/terminal.ts';

export interface FakeIo extends Io {
  /** The output so far. */
  written(): string;
  warned(): string;
  readonly questions: readonly string[];
}

export interface FakeIoOptions {
  readonly isInteractive?: boolean;
  readonly hasColor?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Environment;
  readonly now?: number;
  /** The user's answer; without one, no user is present. */
  readonly answer?: boolean;
  /** The line that the user types; without one, no user is present. */
  readonly line?: string;
}

/** Input and output of a command, in memory. */
export function makeIo(options: FakeIoOptions = {}): FakeIo {
  let out = '';
  let err = '';
  const questions: string[] = [];
  const { answer, line } = options;
  const output = (write: (text: string) => void): Terminal => ({
    isInteractive: options.isInteractive ?? false,
    hasColor: options.hasColor ?? false,
    columns: () => options.columns ?? 80,
    rows: () => options.rows ?? 24,
    write,
  });
  return {
    out: output((text) => {
      out += text;
    }),
    err: output((text) => {
      err += text;
    }),
    env: options.env ?? {},
    now: () => options.now ?? Date.now(),
    confirm:
      answer === undefined
        ? undefined
        : async (question) => {
            questions.push(question);
            return answer;
          },
    ask:
      line === undefined
        ? undefined
        : async (question) => {
            questions.push(question);
            return line;
          },
    written: () => out,
    warned: () => err,
    questions,
  };
}
