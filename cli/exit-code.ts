/** Exit codes for scripts; the help and docs/cli.md list them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  refused: 2,
  unreachable: 3,
  timeout: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `
Exit codes:
  0    all right
  1    a namespace failed (deploy --wait, wait), would be refused (deploy --dry-run), or is degraded or outdated (why)
  2    wrong usage, a request that the API refused, or a no at the question; nothing was asked for
  3    the API cannot be reached, or refused the token
  4    --timeout has passed; the rollout goes on
  130  interrupted; the rollout goes on`;

/** Ends the command with its message and exit code; anything else that is thrown is a bug. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** Further lines: field errors, what to do. */
  readonly details: readonly string[];

  constructor(exitCode: ExitCode, message: string, details: readonly string[] = []) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.details = details;
  }
}
