import { createInterface } from 'node:readline/promises';
import { openTerminal, type Terminal } from '../shared/terminal.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything a command uses besides the API. */
export interface Io {
  readonly out: Terminal;
  readonly err: Terminal;
  readonly env: Environment;
  now(): number;
  /** Asks a yes-or-no question; undefined without a terminal. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
}

export function openIo(process: NodeJS.Process): Io {
  const { stdin, stdout, stderr, env } = process;
  for (const stream of [stdout, stderr]) stream.on('error', endQuietlyWithReader);
  const isAttended = stdin.isTTY === true && stderr.isTTY === true;
  return {
    out: openTerminal(stdout, env),
    err: openTerminal(stderr, env),
    env,
    now: Date.now,
    confirm: isAttended ? (question) => ask(question, stdin, stderr) : undefined,
  };
}

/** `skipper status | head`: the reader has closed the pipe. */
function endQuietlyWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

async function ask(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  const prompt = createInterface({ input, output });
  // End of input, or Ctrl-C at the question, is not a yes.
  const closed = new Promise<string>((resolve) => {
    prompt.once('close', () => resolve(''));
  });
  try {
    const answer = await Promise.race([prompt.question(`${question} [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
