import { type NamespaceSnapshot, reportOn } from './observed.ts';

/**
 * True if FDD has not taken up the deployment that the Application requests: what the Application says about FDD (its image, the
 * digest of its configuration) is not true yet. False if one of the two has no deployment id.
 */
export function awaitsFdd({ application, deployment }: NamespaceSnapshot): boolean {
  const requested = application?.deploymentId;
  const running = deployment?.deploymentId;
  return requested !== undefined && running !== undefined && requested !== running;
}

/** True while FDD works on the deployment that the Application requests. */
export function isDeploying(snapshot: NamespaceSnapshot): boolean {
  const requested = snapshot.application?.deploymentId;
  const report = requested === undefined ? undefined : reportOn(snapshot, requested);
  return report?.result === 'INITIATED' || report?.result === 'RUNNING';
}
