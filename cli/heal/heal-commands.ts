import { Argument, type Command, Option } from 'commander';
import { HEALING_STATES, type HealingState } from '../../domain/heal/healing.ts';
import { RULES, type Rule } from '../../domain/heal/rule.ts';
import { type Act, asClient, exitsAsDocumented } from '../as-client.ts';
import { askReason } from '../ask-reason.ts';
import type { ConnectionFlags } from '../connection.ts';
import { EXIT_CODES_HELP } from '../exit-code.ts';
import { outputOption, reasonOption } from '../options.ts';
import { LIST_FORMATS, type ListFormat, type OutputFormat } from '../output-format.ts';
import type { Io } from '../terminal.ts';

const STATUS_EXAMPLES = `
Examples:
  skipper heal status                          the latest pass, and every namespace that is not well
  skipper heal status --state reported         what would be done if healing was on
  skipper heal status --rule crash-loop -o json | jq -r '.namespaces[].namespace'`;

const RELEASE_EXAMPLES = `
Examples:
  skipper quarantine release team-a --reason "the image is pushed"
  skipper quarantine release $(skipper quarantine list -o json | jq -r '.namespaces[].namespace') --reason OPS-17

Nothing is done at once: healing begins again with its first step.`;

interface StatusFlags extends ConnectionFlags {
  readonly output: ListFormat;
  readonly state?: HealingState;
  readonly rule?: Rule;
}

interface ChangeFlags extends ConnectionFlags {
  readonly output: OutputFormat;
  readonly reason?: string;
}

/** `skipper heal …` and `skipper quarantine …`. Their code is loaded only when they run. */
export function addHealCommands(program: Command, io: Io, act: Act): void {
  const heal = program.command('heal').description('show, stop and resume healing');
  exitsAsDocumented(heal);
  addStatus(heal, io, act);
  addSwitch(heal, ['stop', 'stop healing: nothing is repaired until it is resumed'], { io, act });
  addSwitch(heal, ['resume', 'resume healing; what fell sick before does not stop it again'], { io, act });
  const quarantine = program
    .command('quarantine')
    .description('list and release the namespaces that healing has given up');
  exitsAsDocumented(quarantine);
  addList(quarantine, io, act);
  addRelease(quarantine, io, act);
}

function addStatus(group: Command, io: Io, act: Act): void {
  asClient(group.command('status'), 'show the latest pass, and the namespaces that are not well, worst first')
    .addOption(new Option('--state <state>', 'only namespaces in this state').choices(HEALING_STATES))
    .addOption(new Option('--rule <rule>', 'only namespaces in which this rule holds').choices(RULES))
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', `${STATUS_EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action(({ output, state, rule, ...flags }: StatusFlags) =>
      act(flags, async (client) => {
        const { showHealing } = await import('./show-healing.ts');
        return showHealing(client, { filter: { state, rule }, format: output }, io);
      }),
    );
}

function addSwitch(
  group: Command,
  [command, description]: readonly ['stop' | 'resume', string],
  { io, act }: { readonly io: Io; readonly act: Act },
): void {
  asClient(group.command(command), description)
    .addOption(reasonOption())
    .addOption(outputOption())
    .addHelpText('after', EXIT_CODES_HELP)
    .action(({ output, ...flags }: ChangeFlags) =>
      act(flags, async (client) => {
        const reason = await askReason(flags.reason, io);
        const { switchHealing } = await import('./switch-healing.ts');
        return switchHealing(client, { command, reason }, output, io);
      }),
    );
}

function addList(group: Command, io: Io, act: Act): void {
  asClient(group.command('list'), 'show what is in quarantine, why, and what was tried')
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', EXIT_CODES_HELP)
    .action((flags: ConnectionFlags & { output: ListFormat }) =>
      act(flags, async (client) => {
        const { listQuarantine } = await import('./list-quarantine.ts');
        return listQuarantine(client, flags.output, io);
      }),
    );
}

function addRelease(group: Command, io: Io, act: Act): void {
  asClient(group.command('release'), 'release namespaces from quarantine: healing begins again')
    .addArgument(new Argument('<namespace...>'))
    .addOption(reasonOption())
    .addOption(outputOption())
    .addHelpText('after', `${RELEASE_EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action((namespaces: readonly string[], { output, ...flags }: ChangeFlags) =>
      act(flags, async (client) => {
        const reason = await askReason(flags.reason, io);
        const { releaseQuarantine } = await import('./release-quarantine.ts');
        return releaseQuarantine(client, { namespaces: [...new Set(namespaces)], reason }, output, io);
      }),
    );
}
