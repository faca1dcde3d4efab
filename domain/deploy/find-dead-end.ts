import { diagnose } from '../cluster/diagnose.ts';
import {
  hasBootstrapEnded,
  type NamespaceSnapshot,
  type ObservedPod,
  reportOn,
} from '../cluster/observed.ts';
import { podSymptom, symptomsOf } from '../cluster/symptoms.ts';
import { mightLive, waitsToRun } from '../cluster/why-no-fdd-runs.ts';
import type { ErrorCode } from '../errors.ts';
import type { Symptom } from '../symptom.ts';

/** A deployment that is waited for. */
export interface AwaitedId {
  readonly deploymentId: string;
  readonly bootstrap: boolean;
}

export interface DeadEnd {
  /** `fdd_lost` if it is not this deployment's own pods that cannot run: a bootstrap helps. */
  readonly code: Extract<ErrorCode, 'fdd_cannot_run' | 'fdd_lost'>;
  readonly symptom: Symptom;
  /** How long it has to last before it counts. */
  readonly certainAfterMs: number;
}

/** A container that has crashed this often in a row is in a loop. */
const CRASHES = 3;
/** Two watches are not ordered against each other, so what they show together has to last. */
const CERTAIN_MS = 2_000;
/** Longer than a kubelet's first wait (10 s): a registry that fails once is no reason to give up. */
const CERTAIN_PULL_MS = 15_000;

/**
 * Why nobody is left who could bring a deployment to its end, so that waiting for it is pointless; undefined as long as
 * somebody might: an FDD that runs, also unready or terminating, one that can still start, or the bootstrap.
 */
export function findDeadEnd(expected: AwaitedId, snapshot: NamespaceSnapshot): DeadEnd | undefined {
  const { deployment, pods } = snapshot;
  if ((deployment?.availableReplicas ?? 0) > 0 || pods.some(mightLive)) return undefined;
  const waiting = pods.filter(waitsToRun);
  if (!waiting.every(isHopeless)) return undefined;
  if (isBootstrapping(expected, snapshot)) return deadBootstrap(expected, snapshot);
  if (!deployment) return undefined;
  const [symptom = refusalOfPods(snapshot)] = waiting.map((pod) => podSymptom(pod, false));
  if (symptom === undefined) return undefined;
  // Pods of another deployment show nothing about this one: its own are still to come.
  const areOurs = waiting.every(({ deploymentId }) => deploymentId === expected.deploymentId);
  if (deployment.deploymentId === expected.deploymentId) {
    return areOurs ? deadEnd('fdd_cannot_run', symptom) : undefined;
  }
  return expected.bootstrap || hasSucceeded(expected, snapshot) ? undefined : deadEnd('fdd_lost', symptom);
}

function deadEnd(code: DeadEnd['code'], symptom: Symptom): DeadEnd {
  const isPull = symptom.kind === 'pod' && PULLS.includes(symptom.reason);
  return { code, symptom, certainAfterMs: isPull ? CERTAIN_PULL_MS : CERTAIN_MS };
}

/** A kubelet alternates between the two. Other reasons, such as an invalid name, are final. */
const PULLS: readonly (string | undefined)[] = ['ErrImagePull', 'ImagePullBackOff'];

/** The bootstrap still has to do its work, as far as the watches show. */
function isBootstrapping(expected: AwaitedId, snapshot: NamespaceSnapshot): boolean {
  const { bootstrapPod } = snapshot;
  if (!expected.bootstrap || hasSucceeded(expected, snapshot)) return false;
  return bootstrapPod?.startedFor !== expected.deploymentId || !hasBootstrapEnded(bootstrapPod);
}

function deadBootstrap(
  { deploymentId }: AwaitedId,
  { bootstrapPod }: NamespaceSnapshot,
): DeadEnd | undefined {
  if (bootstrapPod?.startedFor !== deploymentId || !isHopeless(bootstrapPod)) return undefined;
  const symptom = podSymptom(bootstrapPod, true);
  return symptom && deadEnd('fdd_cannot_run', symptom);
}

function hasSucceeded({ deploymentId }: AwaitedId, snapshot: NamespaceSnapshot): boolean {
  return reportOn(snapshot, deploymentId)?.result === 'SUCCESS';
}

/** Waiting does not help a pod whose image is refused, or which has crashed again and again; it can help any other. */
function isHopeless(pod: ObservedPod): boolean {
  const symptom = podSymptom(pod, false);
  if (symptom?.state !== 'waiting') return false;
  switch (diagnose(symptom)) {
    case 'image-not-pulled':
      return true;
    case 'crash-loop':
    case 'out-of-memory':
      return pod.restarts >= CRASHES;
    default:
      return false;
  }
}

/** A rule that refuses every pod of this kind. A quota is none: others can free it. */
function refusalOfPods(snapshot: NamespaceSnapshot): Symptom | undefined {
  const { deployment } = snapshot;
  if (deployment && deployment.observedGeneration < deployment.generation) return undefined;
  return symptomsOf(snapshot).find((symptom) => {
    if (symptom.kind !== 'condition' || symptom.type !== 'ReplicaFailure') return false;
    return ['pod-rejected', 'limits-missing', 'limit-range'].includes(diagnose(symptom) ?? '');
  });
}
