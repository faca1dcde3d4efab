import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../../client/api-client.ts';
import type { DeployRequest } from '../../client/deploy-request.ts';
import type { PlanView } from '../../domain/deploy/plan-view.ts';
import { plural } from '../../domain/plural.ts';
import { CliError, EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { painter } from '../text/paint.ts';
import { drawTable } from '../text/table.ts';
import { confirmTakeover } from './confirm-takeover.ts';
import { describePlan, describeTargets, PLAN_COLUMNS } from './describe-plan.ts';
import { requestDeploy } from './request-deploy.ts';
import { waitForRollout } from './wait-command.ts';

export interface DeployOptions {
  readonly request: DeployRequest;
  readonly format: OutputFormat;
  readonly isDryRun: boolean;
  readonly isConfirmed: boolean;
  /** FDD may be taken over from Helm; `isConfirmed` does not cover that. */
  readonly mayTakeOver: boolean;
  readonly wait: boolean;
  /** Undefined waits indefinitely. */
  readonly timeoutMs: number | undefined;
  readonly idempotencyKey: string | undefined;
}

/** Deploys to more namespaces than this need a confirmation. */
const HANDFUL = 5;

export async function deploy(client: ApiClient, options: DeployOptions, io: Io): Promise<ExitCode> {
  if (options.isDryRun) return dryRun(client, options, io);
  const { request, format, wait } = options;
  // In machine formats, standard output contains only the document.
  const output = format === 'table' ? io.out : io.err;
  const plan = await client.plan(request, { withSteps: false });
  output.write(`${request.forceBootstrap ? 'forcing a bootstrap of' : 'deploying'} ${describePlan(plan)}\n`);
  if (plan.targets.length <= HANDFUL) for (const line of describeTargets(plan)) output.write(`${line}\n`);
  await confirmTakeover(plan.targets, options, io);
  await confirm(plan, options, io);
  const key = options.idempotencyKey ?? randomUUID();
  const rollout = await requestDeploy(client, request, key, {
    now: io.now,
    pause,
    onRetry: (reason) => io.err.write(`skipper: ${reason}; retrying\n`),
  });
  output.write(`rollout ${rollout.id} has started\n`);
  if (wait) return waitForRollout(client, rollout.id, options, io);
  if (format !== 'table') await printDocument(rollout, format, io.out);
  else io.out.write(`follow it with: skipper wait ${rollout.id}\n`);
  return EXIT.ok;
}

async function dryRun(client: ApiClient, { request, format }: DeployOptions, { out }: Io): Promise<ExitCode> {
  const plan = await client.plan(request, { withSteps: format !== 'table' });
  if (format === 'table') {
    const width = out.isInteractive ? out.columns() - 1 : undefined;
    const lines = drawTable(PLAN_COLUMNS, plan.targets, { width, paint: painter(out) });
    out.write([...lines, '', `would deploy ${describePlan(plan)}`, ''].join('\n'));
  } else {
    await printDocument(plan, format, out);
  }
  return (plan.counts.refuse ?? 0) > 0 ? EXIT.failed : EXIT.ok;
}

/** Asks only on a terminal, and only before a large deploy. */
async function confirm(plan: PlanView, { request, isConfirmed }: DeployOptions, io: Io): Promise<void> {
  const isLarge = request.namespaces === undefined || plan.targets.length > HANDFUL;
  if (isConfirmed || io.confirm === undefined || !isLarge) return;
  const all = request.namespaces === undefined ? 'all ' : '';
  const verb = request.forceBootstrap ? 'Force a bootstrap of' : 'Deploy to';
  const isAgreed = await io.confirm(`${verb} ${all}${plural(plan.targets.length, 'namespace')}?`);
  if (!isAgreed) throw new CliError(EXIT.refused, 'nothing was deployed');
}
