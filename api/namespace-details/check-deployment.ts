import { type NamespaceSnapshot, type ObservedPod, reportOn } from '../../domain/cluster/observed.ts';
import { describePodState, podSymptom } from '../../domain/cluster/symptoms.ts';
import type { DeploymentCheck, FddReport, PodDetails } from '../../domain/explain/namespace-details.ts';

/** FDD's Deployment compared with its Application. */
export function checkDeployment({ application, deployment }: NamespaceSnapshot): DeploymentCheck[] {
  if (!deployment) return [];
  const checks: DeploymentCheck[] = [];
  const check = (what: string, wanted: string, actual: string) =>
    checks.push({ what, wanted, actual, isRight: wanted === actual });
  if (application) {
    check('image', application.image, deployment.image);
    check('deployment id', application.deploymentId ?? '(none)', deployment.deploymentId ?? '(none)');
  }
  check('replicas available', String(deployment.replicas), String(deployment.availableReplicas ?? 0));
  check('replicas updated', String(deployment.replicas), String(deployment.updatedReplicas));
  const observed = Math.min(deployment.observedGeneration, deployment.generation);
  check('generation observed', String(deployment.generation), String(observed));
  return checks;
}

/** FDD's pods, and the bootstrap pod if it exists. */
export function describePods({ pods, bootstrapPod }: NamespaceSnapshot): PodDetails[] {
  return [
    ...(bootstrapPod ? [describePod(bootstrapPod, true)] : []),
    ...pods.map((pod) => describePod(pod, false)),
  ];
}

function describePod(pod: ObservedPod, isBootstrap: boolean): PodDetails {
  const { name, phase, ready, restarts, deleting } = pod;
  const symptom = podSymptom(pod, isBootstrap);
  const reason = symptom && describePodState(symptom);
  return { name, phase, ready, restarts, deleting, reason, isBootstrap };
}

/** FDD's report on the deployment that its Application requests. */
export function currentReport(snapshot: NamespaceSnapshot): FddReport | undefined {
  const id = snapshot.application?.deploymentId;
  const report = id === undefined ? undefined : reportOn(snapshot, id);
  if (!report) return undefined;
  const status = snapshot.statuses.find(({ deploymentId }) => deploymentId === id);
  return { name: status?.name ?? '', deploymentId: id, result: report.result, logs: report.logs };
}
