import type { ApiClient } from '../../client/api-client.ts';
import type { ServerPlan } from '../../domain/deploy/server-plan.ts';
import { waitForRollout } from '../deploy/wait-command.ts';
import { CliError, EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { plural } from '../text/lines.ts';
import { nameSome } from '../text/name-some.ts';
import { summarisePlan } from './describe-server-plan.ts';

export interface ApplyOptions {
  readonly format: OutputFormat;
  readonly wait: boolean;
  readonly isConfirmed: boolean;
  /** FDD may be taken over from Helm; `isConfirmed` does not cover that. */
  readonly mayTakeOver: boolean;
  readonly timeoutMs: number | undefined;
}

/** Carries a plan out. Repeating it is safe: a plan is carried out once. */
export async function applyPlan(
  client: ApiClient,
  id: string,
  options: ApplyOptions,
  io: Io,
): Promise<ExitCode> {
  const { format, wait } = options;
  const output = format === 'table' ? io.out : io.err;
  const plan = await client.serverPlan(id);
  output.write(`${summarisePlan(plan)}\n`);
  await confirmTakeover(plan, options, io);
  await confirm(plan, options, io);
  const rollout = await client.applyPlan(id);
  output.write(`rollout ${rollout.id} has started\n`);
  if (wait) return waitForRollout(client, rollout.id, options, io);
  if (format !== 'table') await printDocument(rollout, format, io.out);
  else io.out.write(`follow it with: skipper rollout watch ${rollout.id}\n`);
  return EXIT.ok;
}

async function confirmTakeover(
  { targets }: ServerPlan,
  { mayTakeOver }: ApplyOptions,
  io: Io,
): Promise<void> {
  const takeovers = targets.filter(({ takesOverFrom }) => takesOverFrom !== undefined);
  if (takeovers.length === 0 || mayTakeOver) return;
  const named = nameSome(takeovers.map(({ namespace }) => namespace));
  if (io.confirm === undefined) {
    throw new CliError(EXIT.refused, `Helm manages FDD in ${named}: nothing was deployed`, [
      'to take it over from Helm, repeat the command with --take-over-from-helm',
    ]);
  }
  io.err.write(`Helm manages FDD in ${named}. After a takeover, do not upgrade its Helm release again.\n`);
  const isAgreed = await io.confirm(`Take FDD over from Helm in ${plural(takeovers.length, 'namespace')}?`);
  if (!isAgreed) throw new CliError(EXIT.refused, 'nothing was deployed');
}

async function confirm({ targets }: ServerPlan, { isConfirmed }: ApplyOptions, io: Io): Promise<void> {
  if (isConfirmed || io.confirm === undefined) return;
  const isAgreed = await io.confirm(`Apply the plan to ${plural(targets.length, 'namespace')}?`);
  if (!isAgreed) throw new CliError(EXIT.refused, 'nothing was deployed');
}
