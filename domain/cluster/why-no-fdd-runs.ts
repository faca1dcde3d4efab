import { diagnose } from './diagnose.ts';
import type { NamespaceSnapshot, ObservedPod } from './observed.ts';
import { describePodState, describeSymptom, podSymptom, symptomsOf, tampered } from './symptoms.ts';

/**
 * Why FDD does not run and cannot start although its Deployment exists, so that only a bootstrap can deploy; undefined if
 * it might run. This must be certain: a bootstrap beside a running FDD is harmful. So a running pod counts, even if it is
 * not ready (it is starting) or is being deleted (FDD ignores SIGTERM, and picks up deployments for another 30 seconds).
 */
export function whyNoFddRuns(snapshot: NamespaceSnapshot): string | undefined {
  const { deployment, pods } = snapshot;
  if (!deployment || (deployment.availableReplicas ?? 0) > 0) return undefined;
  const pending = pods.filter(waitsToRun);
  if (pods.some(mightLive)) return undefined;
  if (pending.length === 0) return whyNoPods(snapshot);
  if (!pending.every(isStuck)) return undefined;
  const [symptom] = pending.map((pod) => podSymptom(pod, false));
  return symptom && `no FDD can run: ${describePodState(symptom)}`;
}

function whyNoPods(snapshot: NamespaceSnapshot): string | undefined {
  const [change] = tampered(snapshot).filter(({ what }) => what === 'scaled-to-0');
  if (change) return describeSymptom(change);
  const refused = symptomsOf(snapshot).find(
    (symptom) => symptom.kind === 'condition' && symptom.type === 'ReplicaFailure',
  );
  return refused && `no FDD can run: ${describeSymptom(refused)}`;
}

/** An FDD that runs, even if it is not ready, or terminates. */
export function mightLive({ phase, ready, waiting, terminated }: ObservedPod): boolean {
  return ready || (phase === 'Running' && waiting === undefined && terminated === undefined);
}

/** Neither leaving nor ended (evicted, for instance): the pods that are to run FDD. */
export function waitsToRun({ deleting, phase }: ObservedPod): boolean {
  return !deleting && phase !== 'Failed' && phase !== 'Succeeded';
}

/** True if the container does not start, or exits each time. */
function isStuck(pod: ObservedPod): boolean {
  const symptom = podSymptom(pod, false);
  const diagnosis = symptom?.state === 'waiting' ? diagnose(symptom) : undefined;
  return diagnosis !== undefined;
}
