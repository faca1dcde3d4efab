import { Argument, type Command } from 'commander';
import type { HoldCommand } from '../../client/hold-requests.ts';
import { type Act, asClient } from '../as-client.ts';
import { askReason } from '../ask-reason.ts';
import type { ConnectionFlags } from '../connection.ts';
import { CliError, EXIT, EXIT_CODES_HELP } from '../exit-code.ts';
import { outputOption, reasonOption } from '../options.ts';
import { LIST_FORMATS, type ListFormat, type OutputFormat } from '../output-format.ts';
import type { Io } from '../terminal.ts';

const IGNORE_EXAMPLES = `
Examples:
  skipper ignore 20220808113256-eef68a8 --reason "crash-loops"         no release check rolls it out
  skipper ignore --end 20220808113256-eef68a8 --reason "was the proxy" it is rolled out again
  skipper ignore --list                                                what is ignored, and why

A deploy that a person requests is not affected.`;

interface ChangeFlags extends ConnectionFlags {
  readonly output: OutputFormat;
  readonly reason?: string;
}

interface IgnoreFlags extends ConnectionFlags {
  readonly output: ListFormat;
  readonly reason?: string;
  readonly list?: boolean;
  readonly end?: boolean;
}

/** What keeps releases away from namespaces. The code is loaded only when a command runs. */
export function addHoldCommands(program: Command, io: Io, act: Act): void {
  const changes = { io, act };
  addChange(program, ['pin', 'keep namespaces at a version'], changes).option(
    '--version <version>',
    'the version to keep; by default the one that was verified there last',
  );
  addChange(program, ['hold', 'keep releases away from namespaces'], changes);
  addChange(program, ['release', 'end the hold or pin of namespaces'], changes);
  addHolds(program, io, act);
  addIgnore(program, io, act);
}

function addChange(
  program: Command,
  [command, description]: readonly [HoldCommand, string],
  { io, act }: { readonly io: Io; readonly act: Act },
): Command {
  return asClient(program.command(command), description)
    .addArgument(new Argument('<namespace...>'))
    .addOption(reasonOption())
    .addOption(outputOption())
    .addHelpText('after', EXIT_CODES_HELP)
    .action((namespaces: readonly string[], { output, ...flags }: ChangeFlags & { version?: string }) =>
      act(flags, async (client) => {
        const reason = await askReason(flags.reason, io);
        const { changeHold } = await import('./change-hold.ts');
        const { version } = flags;
        const body = { reason, ...(version === undefined ? {} : { version }) };
        return changeHold(client, { namespaces, command, body }, output, io);
      }),
    );
}

function addHolds(program: Command, io: Io, act: Act): void {
  asClient(program.command('holds'), 'show which namespaces are held or pinned, by whom and why')
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', EXIT_CODES_HELP)
    .action((flags: ConnectionFlags & { output: ListFormat }) =>
      act(flags, async (client) => {
        const { showHolds } = await import('./show-holds.ts');
        return showHolds(client, flags.output, io);
      }),
    );
}

function addIgnore(program: Command, io: Io, act: Act): void {
  asClient(program.command('ignore'), 'keep a version from being rolled out automatically')
    .argument('[version]', 'the version, if not --list')
    .option('--list', 'show the ignored versions')
    .option('--end', 'roll this version out automatically again')
    .addOption(reasonOption())
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', `${IGNORE_EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action((version: string | undefined, { output, list, end = false, ...flags }: IgnoreFlags) =>
      act(flags, async (client) => {
        if (list) {
          if (version !== undefined || end) throw misuse('--list takes no version and no --end');
          const { showIgnored } = await import('./show-holds.ts');
          return showIgnored(client, output, io);
        }
        if (version === undefined) throw misuse('no version given: name one, or use --list');
        if (output === 'csv') throw misuse('-o csv is a list: use it with --list');
        const reason = await askReason(flags.reason, io);
        const { ignoreRelease } = await import('./ignore-release.ts');
        return ignoreRelease(client, { version, reason, isEnd: end }, output, io);
      }),
    );
}

function misuse(message: string): CliError {
  return new CliError(EXIT.refused, message);
}
