import type { ApiClient } from '../../client/api-client.ts';
import type { ServerPlan } from '../../domain/deploy/server-plan.ts';
import { plural } from '../../domain/plural.ts';
import { confirmTakeover, type TakeoverOptions } from '../deploy/confirm-takeover.ts';
import { waitForRollout } from '../deploy/wait-command.ts';
import { CliError, EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { summarisePlan } from './describe-server-plan.ts';

export interface ApplyOptions extends TakeoverOptions {
  readonly format: OutputFormat;
  readonly wait: boolean;
  readonly isConfirmed: boolean;
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
  await confirmTakeover(plan.targets, options, io);
  await confirm(plan, options, io);
  const rollout = await client.applyPlan(id);
  output.write(`rollout ${rollout.id} has started\n`);
  if (wait) return waitForRollout(client, rollout.id, options, io);
  if (format !== 'table') await printDocument(rollout, format, io.out);
  else io.out.write(`follow it with: skipper rollout watch ${rollout.id}\n`);
  return EXIT.ok;
}

async function confirm({ targets }: ServerPlan, { isConfirmed }: ApplyOptions, io: Io): Promise<void> {
  if (isConfirmed || io.confirm === undefined) return;
  const isAgreed = await io.confirm(`Apply the plan to ${plural(targets.length, 'namespace')}?`);
  if (!isAgreed) throw new CliError(EXIT.refused, 'nothing was deployed');
}
