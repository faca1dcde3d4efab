import type { Command } from 'commander';
import type { ApiClient } from '../client/api-client.ts';
import { ApiError } from '../client/api-error.ts';
import { type ConnectionFlags, openClient } from './connection.ts';
import { CliError, EXIT, type ExitCode } from './exit-code.ts';
import { withConnection } from './options.ts';
import type { Io } from './terminal.ts';
import { toCliError } from './to-cli-error.ts';

const TOKEN_HELP = `
There is no flag for the token itself: process lists and shell history would show it.`;

/** The setup of all commands that call the API. */
export function asClient(command: Command, description: string): Command {
  return exitsAsDocumented(withConnection(command).description(description)).addHelpText('after', TOKEN_HELP);
}

/** Wrong usage exits with the code documented in the help. */
export function exitsAsDocumented(command: Command): Command {
  return command
    .showHelpAfterError(`(run skipper ${pathOf(command)} --help)`)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.refused));
}

/** `rollout pause` */
function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

/** Runs a command against the API, and exits with its exit code. */
export type Act = (flags: ConnectionFlags, run: (client: ApiClient) => Promise<ExitCode>) => Promise<void>;

export function actWith(io: Io): Act {
  return async (flags, run) => {
    process.exit(await toExitCode(() => run(openClient(flags, io.env)), io));
  };
}

async function toExitCode(run: () => Promise<ExitCode>, { err }: Io): Promise<ExitCode> {
  try {
    return await run();
  } catch (thrown) {
    const error = thrown instanceof ApiError ? toCliError(thrown) : thrown;
    if (!(error instanceof CliError)) throw error;
    for (const line of [error.message, ...error.details]) err.write(`skipper: ${line}\n`);
    return error.exitCode;
  }
}
