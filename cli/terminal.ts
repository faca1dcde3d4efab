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
  /** Asks for one line; empty if the user gives none. Undefined without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
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
    confirm: isAttended ? (question) => confirm(question, stdin, stderr) : undefined,
    ask: isAttended ? (question) => ask(question, stdin, stderr) : undefined,
  };
}

/** `skipper status | head`: the reader has closed the pipe. */
function endQuietlyWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

async function confirm(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N]`, input, output));
}

async function ask(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<string> {
  const prompt = createInterface({ input, output });
  // End of input, or Ctrl-C at the question, is not an answer.
  const closed = new Promise<string>((resolve) => {
    prompt.once('close', () => resolve(''));
  });
  try {
    const answer = await Promise.race([prompt.question(`${question} `), closed]);
    return answer.trim();
  } finally {
    prompt.close();
  }
}
