import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RolloutCommand } from '../../client/rollout-requests.ts';
import { TARGET_STATES, type TargetState, TRIGGERS, type Trigger } from '../../domain/rollout/rollout.ts';
import { type Act, asClient, exitsAsDocumented } from '../as-client.ts';
import { askReason } from '../ask-reason.ts';
import type { ConnectionFlags } from '../connection.ts';
import { EXIT_CODES_HELP } from '../exit-code.ts';
import {
  durationOption,
  outputOption,
  reasonOption,
  several,
  type WaitFlags,
  waitChoices,
  waitOption,
  waitTimeoutOption,
} from '../options.ts';
import { LIST_FORMATS, type ListFormat, type OutputFormat } from '../output-format.ts';
import type { Io } from '../terminal.ts';

const LIST_EXAMPLES = `
Examples:
  skipper rollout list                              the latest rollouts
  skipper rollout list --state paused               what waits for an operator
  skipper rollout list --trigger release -o json | jq -r '.rollouts[].id'`;

const ROLLBACK_EXAMPLES = `
Examples:
  skipper rollback ROLLOUT --reason "crash-loops"                     to the release that each namespace had before
  skipper rollback ROLLOUT --namespace team-a --to 20220808113256-eef68a8 --reason "OPS-17"
  skipper rollback ROLLOUT --reason OPS-17 --wait                     exits when the rollback has ended

The namespaces are held until skipper release: otherwise the next release check would undo the rollback.`;

const DEFAULT_LIMIT = 20;

interface OutputFlags extends ConnectionFlags {
  readonly output: OutputFormat;
}

interface ListFlags extends ConnectionFlags {
  readonly output: ListFormat;
  readonly state?: TargetState;
  readonly trigger?: Trigger;
  readonly requestedBy?: string;
  readonly limit: number;
  readonly before?: string;
}

interface ChangeFlags extends OutputFlags {
  readonly reason?: string;
}

interface RollbackFlags extends ChangeFlags, WaitFlags {
  readonly to?: string;
  readonly namespace: readonly string[];
}

/** A command that changes a rollout. */
interface Change {
  readonly command: RolloutCommand;
  readonly description: string;
  /** The argument for namespaces, if it has one, and what it means. */
  readonly namespaces?: readonly [usage: string, meaning: string];
}

const CHANGES: readonly Change[] = [
  { command: 'pause', description: 'stop a rollout: nothing more is written anywhere' },
  { command: 'resume', description: 'continue a paused rollout; failures until now do not count' },
  { command: 'cancel', description: 'end a rollout; deploys that have begun end as usual' },
  {
    command: 'retry',
    description: 'retry the failed namespaces of a rollout with the same release',
    namespaces: ['[namespaces...]', 'only these'],
  },
  {
    command: 'skip',
    description: 'leave namespaces out of a rollout',
    namespaces: ['<namespaces...>', 'the namespaces to leave out'],
  },
  { command: 'approve', description: 'let the wave begin that waits for an approval' },
];

/** `skipper rollout …`, and `skipper rollback`. Their code is loaded only when they run. */
export function addRolloutCommands(program: Command, io: Io, act: Act): void {
  const group = program.command('rollout').description('list, show, follow and change rollouts');
  exitsAsDocumented(group);
  addList(group, io, act);
  addShow(group, io, act);
  addWatch(group, io, act);
  for (const change of CHANGES) addChange(group, change, { io, act });
  addRollback(program, io, act);
}

function addList(group: Command, io: Io, act: Act): void {
  asClient(group.command('list'), 'show the latest rollouts, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(TARGET_STATES))
    .addOption(new Option('--trigger <trigger>', 'only those with this trigger').choices(TRIGGERS))
    .option('--requested-by <who>', 'only those that this caller has requested')
    .addOption(new Option('--limit <number>', 'how many to show').default(DEFAULT_LIMIT).argParser(countOf))
    .option('--before <id>', 'only those older than this rollout')
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', `${LIST_EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action(({ output, state, trigger, requestedBy, limit, before, ...flags }: ListFlags) =>
      act(flags, async (client) => {
        const { listRollouts } = await import('./list-rollouts.ts');
        const filter = { state, trigger, requestedBy, limit, before };
        return listRollouts(client, { filter, format: output }, io);
      }),
    );
}

function addShow(group: Command, io: Io, act: Act): void {
  asClient(group.command('show'), 'explain a rollout: its state, waves, failures, and what you can do')
    .argument('<rollout>', 'its id')
    .addOption(outputOption())
    .addHelpText('after', EXIT_CODES_HELP)
    .action((rollout: string, flags: OutputFlags) =>
      act(flags, async (client) => {
        const { showRollout } = await import('./show-rollout.ts');
        return showRollout(client, rollout, flags.output, io);
      }),
    );
}

function addWatch(group: Command, io: Io, act: Act): void {
  asClient(group.command('watch'), 'follow a rollout and its decisions until it ends or is paused')
    .argument('<rollout>', 'its id')
    .addOption(
      durationOption('--timeout <time>', 'give up after this time (90s, 5m, 2h; 0 for no limit)', '0'),
    )
    .addOption(outputOption())
    .addHelpText('after', EXIT_CODES_HELP)
    .action((rollout: string, { output, timeout, ...flags }: OutputFlags & { timeout: number }) =>
      act(flags, async (client) => {
        const { waitForRollout } = await import('../deploy/wait-command.ts');
        const timeoutMs = timeout === 0 ? undefined : timeout;
        return waitForRollout(client, rollout, { format: output, timeoutMs, isWatch: true }, io);
      }),
    );
}

function addChange(
  group: Command,
  change: Change,
  { io, act }: { readonly io: Io; readonly act: Act },
): void {
  const { command, description, namespaces } = change;
  const added = asClient(group.command(command), description).argument('<rollout>', 'its id');
  if (namespaces) added.argument(...namespaces);
  added
    .addOption(reasonOption())
    .addOption(outputOption())
    .addHelpText('after', EXIT_CODES_HELP)
    .action((id: string, ...rest: readonly unknown[]) => {
      const [names, flags] = (namespaces ? rest : [[], ...rest]) as [readonly string[], ChangeFlags];
      return act(flags, async (client) => {
        const reason = await askReason(flags.reason, io);
        const { changeRollout } = await import('./change-rollout.ts');
        const body = { reason, ...(names.length === 0 ? {} : { namespaces: [...new Set(names)] }) };
        return changeRollout(client, { id, command, body }, flags.output, io);
      });
    });
}

function addRollback(program: Command, io: Io, act: Act): void {
  asClient(program.command('rollback'), 'return the namespaces of a rollout to an earlier release')
    .argument('<rollout>', 'its id')
    .option('--to <version>', 'the version to return to; by default what each namespace had before')
    .addOption(several('--namespace <namespace>', 'only these namespaces'))
    .addOption(waitOption())
    .addOption(waitTimeoutOption())
    .addOption(reasonOption())
    .addOption(outputOption())
    .addHelpText('after', `${ROLLBACK_EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action((id: string, flags: RollbackFlags, command: Command) =>
      act(flags, async (client) => {
        const { to, namespace, output } = flags;
        const choices = { ...waitChoices(flags, command), format: output };
        const reason = await askReason(flags.reason, io);
        const { rollBack } = await import('./roll-back.ts');
        const body = {
          reason,
          ...(to === undefined ? {} : { to }),
          ...(namespace.length === 0 ? {} : { namespaces: [...new Set(namespace)] }),
        };
        return rollBack(client, { id, body }, choices, io);
      }),
    );
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Use a whole number of at least 1.');
  return Number(text);
}
