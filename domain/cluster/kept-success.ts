import type { DeploymentReport } from './observed.ts';

type SeenReport = DeploymentReport & { readonly resourceVersion: string };

/**
 * The resourceVersion at which FDD reported SUCCESS for a deployment that another FDD has restarted: it overwrites SUCCESS
 * with INITIATED and RUNNING, and can die before it reports SUCCESS again. Undefined if SUCCESS was not overwritten.
 */
export function keptSuccess(report: DeploymentReport, before: SeenReport | undefined): string | undefined {
  const isFinal = report.result === 'SUCCESS' || report.result === 'FAILED';
  if (isFinal || before?.deploymentId !== report.deploymentId) return undefined;
  return before?.result === 'SUCCESS' ? before.resourceVersion : before?.succeededAt;
}
