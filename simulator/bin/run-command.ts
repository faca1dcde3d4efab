import type { Command } from 'commander';
import { messageOf, SkipperError } from '../../domain/errors.ts';
import { ConfigurationError } from '../../shared/config.ts';

/** Runs a command; an error that its user can correct is one line, any other has its stack. */
export async function runCommand(command: Command): Promise<void> {
  try {
    await command.parseAsync();
  } catch (error) {
    const expected = error instanceof ConfigurationError || error instanceof SkipperError;
    console.error(expected ? `error: ${messageOf(error)}` : error);
    process.exit(1);
  }
}
