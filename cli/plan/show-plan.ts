import type { ApiClient } from '../../client/api-client.ts';
import type { DeployRequest } from '../../client/deploy-request.ts';
import type { ServerPlan } from '../../domain/deploy/server-plan.ts';
import { plural } from '../../domain/plural.ts';
import { utcTime } from '../../domain/utc-time.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { painter } from '../text/paint.ts';
import { drawTable } from '../text/table.ts';
import { changesNothing, SERVER_PLAN_COLUMNS, summarisePlan } from './describe-server-plan.ts';

/** Makes a plan and shows it; the exit code says whether something in it is refused. */
export async function showPlan(
  client: ApiClient,
  request: DeployRequest,
  format: OutputFormat,
  { out }: Io,
): Promise<ExitCode> {
  const plan = await client.planOnServer(request);
  if (format !== 'table') {
    await printDocument(plan, format, out);
  } else {
    const width = out.isInteractive ? out.columns() - 1 : undefined;
    const lines = drawTable(SERVER_PLAN_COLUMNS, plan.targets, { width, paint: painter(out) });
    out.write([...lines, '', ...describeNext(plan), ''].join('\n'));
  }
  return isRefused(plan) ? EXIT.failed : EXIT.ok;
}

function describeNext(plan: ServerPlan): string[] {
  const { id, pending, expiresAt } = plan;
  const untried =
    pending === 0
      ? []
      : [`${plural(pending, 'dry run')} not made yet: skipper apply is refused until they are`];
  if (changesNothing(plan) && pending === 0) return [summarisePlan(plan), 'There is nothing to apply.'];
  return [
    summarisePlan(plan),
    ...untried,
    `Apply exactly this, until ${utcTime(expiresAt)}: skipper apply ${id}`,
  ];
}

function isRefused({ targets }: ServerPlan): boolean {
  return targets.some(({ action, denied }) => action === 'refuse' || denied !== undefined);
}
