/** Exit codes for scripts; the help and docs/cli.md list them, in the same words. */
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
  0    success
  1    a namespace failed, or the rollout is paused or cancelled (deploy --wait, apply --wait, rollback --wait, wait), or did not complete (rollout watch), a namespace would be refused (deploy --dry-run), or is degraded, outdated or unknown (why), or no log can be read (logs), or a test message was not delivered (notify test)
  2    wrong usage, the API refused the request, the question was answered with no, or no reason was given; nothing was changed
  3    the API cannot be reached, or it refused the token
  4    --timeout has passed; the rollout continues
  130  interrupted; the rollout continues`;

/** Ends the command with a message and an exit code; any other thrown error is a bug. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** More lines: field errors, what to do. */
  readonly details: readonly string[];

  constructor(exitCode: ExitCode, message: string, details: readonly string[] = []) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.details = details;
  }
}
