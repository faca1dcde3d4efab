import { Argument, type Command, Option } from 'commander';
import type { DeployRequest } from '../client/deploy-request.ts';
import { STATUSES, type StatusValue } from '../domain/cluster/status.ts';
import { HEALTHS, type Health } from '../domain/fleet/fleet-row.ts';
import { type Act, actWith, asClient } from './as-client.ts';
import { addAuditCommand } from './audit/audit-commands.ts';
import type { ConnectionFlags } from './connection.ts';
import { CliError, EXIT, EXIT_CODES_HELP } from './exit-code.ts';
import { addHealCommands } from './heal/heal-commands.ts';
import { addHoldCommands } from './hold/hold-commands.ts';
import { addNotifyCommands } from './notify/notify-commands.ts';
import {
  durationOption,
  outputOption,
  several,
  severalOf,
  type WaitFlags,
  waitChoices,
  waitOption,
  waitTimeoutOption,
} from './options.ts';
import { LIST_FORMATS, type ListFormat, type OutputFormat } from './output-format.ts';
import { addPlanCommands } from './plan/plan-commands.ts';
import { addRolloutCommands } from './rollout/rollout-commands.ts';
import { targetsOf } from './targets-of.ts';
import type { Io } from './terminal.ts';

const STATUS_EXAMPLES = `
Examples:
  skipper status                              every namespace, by name
  skipper status --health degraded,outdated   what needs attention
  skipper status team-a team-b --watch        live; in a pipe, one line for each change
  skipper status -o json | jq '.rows[].version'`;

const DEPLOY_EXAMPLES = `
Examples:
  skipper deploy team-a team-b --wait
  skipper deploy --all --dry-run              the plan of each namespace
  skipper deploy --all --yes --wait --timeout 10m
  skipper deploy --all --strategy progressive --reason "OPS-17: new ingress class"
  skipper deploy team-a --force-bootstrap     start a bootstrap pod even if FDD is running

On a terminal, it asks for confirmation before it deploys to all or to more than five namespaces; in a pipe it never asks.
Taking FDD over from Helm has a question of its own; --yes does not answer it, and in a pipe it needs --take-over-from-helm.`;

interface OutputFlags extends ConnectionFlags {
  readonly output: OutputFormat;
}

interface ListFlags extends ConnectionFlags {
  readonly output: ListFormat;
}

interface StatusFlags extends ListFlags {
  readonly watch?: boolean;
  readonly status: readonly StatusValue[];
  readonly health: readonly Health[];
  readonly channel: readonly string[];
  readonly search: string;
}

interface DeployFlags extends OutputFlags, WaitFlags {
  readonly all?: boolean;
  readonly forceBootstrap?: boolean;
  readonly takeOverFromHelm?: boolean;
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly strategy?: string;
  readonly yes?: boolean;
  readonly idempotencyKey?: string;
}

/** The commands that call a running API. Their code is loaded only when they run. */
export function addClientCommands(program: Command, io: Io): void {
  const act = actWith(io);
  addStatus(program, io, act);
  addDeploy(program, io, act);
  addWait(program, io, act);
  addWhy(program, io, act);
  addLogs(program, io, act);
  addReleases(program, io, act);
  addRolloutCommands(program, io, act);
  addPlanCommands(program, io, act);
  addHoldCommands(program, io, act);
  addHealCommands(program, io, act);
  addAuditCommand(program, io, act);
  addNotifyCommands(program, io, act);
}

function addStatus(program: Command, io: Io, act: Act): void {
  asClient(program.command('status'), 'show the health of every namespace')
    .argument('[namespaces...]', 'only these')
    .option('-w, --watch', 'keep running and show every change')
    .addOption(severalOf('--status <status>', 'only those with this status', STATUSES))
    .addOption(severalOf('--health <health>', 'only those with this health', HEALTHS))
    .addOption(several('--channel <channel>', 'only those on this release channel'))
    .option('--search <words>', 'only those with all of these words in name, version, cause, …', '')
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', `${STATUS_EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action((namespaces: readonly string[], flags: StatusFlags) =>
      act(flags, async (client) => {
        const { showStatus, watchStatus } = await import('./status/status-command.ts');
        const filter = { ...flags, namespaces };
        if (!flags.watch) return showStatus(client, filter, flags.output, io);
        if (flags.output === 'csv')
          throw new CliError(EXIT.refused, '-o csv is a list: use it without --watch');
        return watchStatus(client, filter, flags.output, io);
      }),
    );
}

function addDeploy(program: Command, io: Io, act: Act): void {
  asClient(program.command('deploy'), "bring namespaces to their channel's release")
    .argument('[namespaces...]', 'the namespaces, if not --all')
    .option('--all', 'every namespace of the fleet')
    .option('--force-bootstrap', 'start a bootstrap pod even if FDD is running')
    .option('--take-over-from-helm', 'with --force-bootstrap: take FDD over where Helm manages it')
    .option('--dry-run', 'only show what would happen')
    .addOption(waitOption())
    .addOption(waitTimeoutOption())
    .option('--reason <text>', 'why; kept with the rollout, and shown to others')
    .option(
      '--strategy <strategy>',
      'how to reach the namespaces instead of by the policy: all, progressive, or YAML or JSON such as "{type: Progressive, canary: 2}"',
    )
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--idempotency-key <key>', 'repeated requests with the same key return the same rollout')
    .addOption(outputOption())
    .addHelpText('after', `${DEPLOY_EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action((namespaces: readonly string[], flags: DeployFlags, command: Command) =>
      act(flags, async (client) => {
        const { dryRun = false, wait = false } = flags;
        const choices = waitChoices({ ...flags, wait: wait && !dryRun }, command);
        const request = {
          namespaces: targetsOf(namespaces, flags.all ?? false),
          forceBootstrap: flags.forceBootstrap ?? false,
          reason: flags.reason,
          strategy: await strategyOf(flags.strategy),
        };
        const { deploy } = await import('./deploy/deploy-command.ts');
        return deploy(
          client,
          {
            request,
            format: flags.output,
            isDryRun: dryRun,
            isConfirmed: flags.yes ?? false,
            mayTakeOver: flags.takeOverFromHelm ?? false,
            ...choices,
            idempotencyKey: flags.idempotencyKey,
          },
          io,
        );
      }),
    );
}

function addWait(program: Command, io: Io, act: Act): void {
  asClient(program.command('wait'), 'follow a rollout until it ends')
    .argument('<rollout>', 'its id, as printed by deploy')
    .addOption(
      durationOption('--timeout <time>', 'give up after this time (90s, 5m, 2h; 0 for no limit)', '30m'),
    )
    .addOption(outputOption())
    .addHelpText('after', EXIT_CODES_HELP)
    .action((rollout: string, { output, timeout, ...flags }: OutputFlags & { timeout: number }) =>
      act(flags, async (client) => {
        const { waitForRollout } = await import('./deploy/wait-command.ts');
        const timeoutMs = timeout === 0 ? undefined : timeout;
        return waitForRollout(client, rollout, { format: output, timeoutMs }, io);
      }),
    );
}

function addWhy(program: Command, io: Io, act: Act): void {
  asClient(program.command('why'), 'explain the state of a namespace, and what to do about it')
    .addArgument(new Argument('<namespace>'))
    .addOption(outputOption())
    .addHelpText('after', EXIT_CODES_HELP)
    .action((namespace: string, flags: OutputFlags) =>
      act(flags, async (client) => {
        const { explain } = await import('./why/why-command.ts');
        return explain(client, namespace, flags.output, io);
      }),
    );
}

function addLogs(program: Command, io: Io, act: Act): void {
  asClient(program.command('logs'), "show the last log lines of FDD's pods, also of before their last crash")
    .addArgument(new Argument('<namespace>'))
    .addOption(outputOption())
    .addHelpText('after', EXIT_CODES_HELP)
    .action((namespace: string, flags: OutputFlags) =>
      act(flags, async (client) => {
        const { showLogs } = await import('./logs/logs-command.ts');
        return showLogs(client, namespace, flags.output, io);
      }),
    );
}

function addReleases(program: Command, io: Io, act: Act): void {
  asClient(program.command('releases'), 'show the release channels in use, and their releases')
    .addOption(new Option('--check', 'check the channels now instead of at the next interval'))
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', EXIT_CODES_HELP)
    .action((flags: ListFlags & { check?: boolean }) =>
      act(flags, async (client) => {
        const { showReleases } = await import('./releases/releases-command.ts');
        return showReleases(client, { format: flags.output, check: flags.check ?? false }, io);
      }),
    );
}

/** Reading YAML takes a moment: most deploys need none. */
async function strategyOf(text: string | undefined): Promise<DeployRequest['strategy']> {
  if (text === undefined) return undefined;
  const { parseStrategy } = await import('./deploy/parse-strategy.ts');
  return parseStrategy(text);
}
