import { awaitsFdd } from './awaits-fdd.ts';
import { hasNewConfiguration } from './has-new-configuration.ts';
import { isRolledOut, type NamespaceSnapshot } from './observed.ts';
import { failedReport, tampered } from './symptoms.ts';

/** True if the cluster shows FDD up, with the image and the deployment id of its Application. Whether that is proven is another matter. */
export function runsAsRequested(snapshot: NamespaceSnapshot): boolean {
  const { application, deployment } = snapshot;
  if (!application || !deployment || deployment.image !== application.image) return false;
  if (awaitsFdd(snapshot) || hasNewConfiguration(snapshot) || !isRolledOut(deployment)) return false;
  return failedReport(snapshot) === undefined && tampered(snapshot).length === 0;
}
