import type { Command } from 'commander';
import { type Act, asClient } from '../as-client.ts';
import type { ConnectionFlags } from '../connection.ts';
import { EXIT_CODES_HELP } from '../exit-code.ts';
import { outputOption, type WaitFlags, waitChoices, waitOption, waitTimeoutOption } from '../options.ts';
import type { OutputFormat } from '../output-format.ts';
import { targetsOf } from '../targets-of.ts';
import type { Io } from '../terminal.ts';

const EXAMPLES = `
Examples:
  skipper plan --all                      what a deploy would do; every write is tried in the API server's dry run
  skipper plan team-a team-b -o json | jq -r .id
  skipper apply plan-3f6a0c1d2b4e --wait`;

interface PlanFlags extends ConnectionFlags {
  readonly output: OutputFormat;
  readonly all?: boolean;
  readonly forceBootstrap?: boolean;
  readonly reason?: string;
  readonly strategy?: string;
}

interface ApplyFlags extends ConnectionFlags, WaitFlags {
  readonly output: OutputFormat;
  readonly yes?: boolean;
  readonly takeOverFromHelm?: boolean;
}

/** `skipper plan` and `skipper apply`. Their code is loaded only when they run. */
export function addPlanCommands(program: Command, io: Io, act: Act): void {
  addPlan(program, io, act);
  addApply(program, io, act);
}

function addPlan(program: Command, io: Io, act: Act): void {
  asClient(
    program.command('plan'),
    'show what a deploy would do, and keep the plan so that it can be applied',
  )
    .argument('[namespaces...]', 'the namespaces, if not --all')
    .option('--all', 'every namespace of the fleet')
    .option('--force-bootstrap', 'start a bootstrap pod even if FDD is running')
    .option('--reason <text>', 'why; kept with the plan and its rollout, and shown to others')
    .option('--strategy <strategy>', 'how to reach the namespaces: all, progressive, or YAML or JSON')
    .addOption(outputOption())
    .addHelpText('after', `${EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action(
      (names: readonly string[], { output, all, forceBootstrap, reason, strategy, ...flags }: PlanFlags) =>
        act(flags, async (client) => {
          const [{ showPlan }, { parseStrategy }] = await Promise.all([
            import('./show-plan.ts'),
            import('../deploy/parse-strategy.ts'),
          ]);
          const request = {
            namespaces: targetsOf(names, all ?? false),
            forceBootstrap: forceBootstrap ?? false,
            reason,
            strategy: strategy === undefined ? undefined : parseStrategy(strategy),
          };
          return showPlan(client, request, output, io);
        }),
    );
}

function addApply(program: Command, io: Io, act: Act): void {
  asClient(program.command('apply'), 'carry a plan out exactly as it is; refused if the fleet has changed')
    .argument('<plan>', 'its id, as printed by skipper plan')
    .addOption(waitOption())
    .option('--take-over-from-helm', 'take FDD over where the plan says so')
    .option('-y, --yes', 'do not ask for confirmation')
    .addOption(waitTimeoutOption())
    .addOption(outputOption())
    .addHelpText('after', `${EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action((id: string, flags: ApplyFlags, command: Command) =>
      act(flags, async (client) => {
        const { applyPlan } = await import('./apply-plan.ts');
        const options = {
          ...waitChoices(flags, command),
          format: flags.output,
          isConfirmed: flags.yes ?? false,
          mayTakeOver: flags.takeOverFromHelm ?? false,
        };
        return applyPlan(client, id, options, io);
      }),
    );
}
