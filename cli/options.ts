import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_SERVER } from './connection.ts';
import { CliError, EXIT } from './exit-code.ts';
import { OUTPUT_FORMATS } from './output-format.ts';
import { parseDuration } from './text/time.ts';

/** Adds the options of every command that calls the API. */
export function withConnection(command: Command): Command {
  return command
    .addOption(
      new Option('--server <url>', `address of the API (default: ${DEFAULT_SERVER}) [$SKIPPER_SERVER]`),
    )
    .addOption(
      new Option(
        '--token-file <file>',
        "file with the API's token [$SKIPPER_TOKEN_FILE, or the token itself in $SKIPPER_TOKEN]",
      ),
    );
}

export function outputOption(formats: readonly string[] = OUTPUT_FORMATS): Option {
  return new Option('-o, --output <format>', 'output format').choices(formats).default('table');
}

export interface WaitFlags {
  readonly wait?: boolean;
  /** 0 waits indefinitely. */
  readonly timeout: number;
}

/** For commands that start a rollout. */
export function waitOption(): Option {
  return new Option('--wait', 'show the progress, and exit when the rollout has ended');
}

export function waitTimeoutOption(): Option {
  const description = 'with --wait: give up after this time (90s, 5m, 2h; 0 for no limit)';
  return durationOption('--timeout <time>', description, '30m');
}

/** Whether and how long to wait. Without --wait, a timeout would end nothing. */
export function waitChoices({ wait = false, timeout }: WaitFlags, command: Command) {
  if (!wait && command.getOptionValueSource('timeout') === 'cli')
    throw new CliError(EXIT.refused, '--timeout is the time to wait: use it with --wait');
  return { wait, timeoutMs: timeout === 0 ? undefined : timeout };
}

/** For commands that change something: without it, they ask on a terminal. */
export function reasonOption(): Option {
  return new Option('--reason <text>', 'why; required, kept and shown to others');
}

/** Can be repeated, and takes several values separated by commas; ignores case. */
export function severalOf<Value extends string>(
  flags: string,
  description: string,
  values: readonly Value[],
): Option {
  const option = new Option(flags, description).choices(values).default([], 'all');
  return option.argParser((text: string, before: readonly Value[]) => [
    ...before,
    ...text.split(',').map((given) => oneOf(given, values)),
  ]);
}

export function several(flags: string, description: string): Option {
  return new Option(flags, description)
    .default([], 'all')
    .argParser((text: string, before: readonly string[]) => [...before, ...text.split(',')]);
}

export function durationOption(flags: string, description: string, byDefault: string): Option {
  return new Option(flags, description)
    .default(parseDuration(byDefault), byDefault)
    .argParser((text: string) => {
      const ms = parseDuration(text);
      if (ms === undefined)
        throw new InvalidArgumentError('Use a time such as 90s, 5m or 2h; 0 means no limit.');
      return ms;
    });
}

function oneOf<Value extends string>(given: string, values: readonly Value[]): Value {
  const known = values.find((value) => value.toLowerCase() === given.trim().toLowerCase());
  if (known === undefined) throw new InvalidArgumentError(`Allowed choices are ${values.join(', ')}.`);
  return known;
}
