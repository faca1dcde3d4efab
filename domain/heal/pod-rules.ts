import { type Diagnosis, diagnose } from '../cluster/diagnose.ts';
import type { NamespaceSnapshot, ObservedPod } from '../cluster/observed.ts';
import { describeSymptom, podSymptom } from '../cluster/symptoms.ts';
import { waitsToRun } from '../cluster/why-no-fdd-runs.ts';
import type { RuleInput, Seen } from './rule-input.ts';

export function imagePull({ snapshot }: RuleInput): Seen | undefined {
  return firstDiagnosed(snapshot, 'image-not-pulled');
}

export function unschedulable({ snapshot }: RuleInput): Seen | undefined {
  return firstDiagnosed(snapshot, 'not-scheduled');
}

export function oom(input: RuleInput): Seen | undefined {
  return firstDiagnosed(input.snapshot, 'out-of-memory') ?? firstLooping(input, isOutOfMemory);
}

export function crashLoop(input: RuleInput): Seen | undefined {
  const isOther = (pod: ObservedPod) => !isOutOfMemory(pod);
  return firstDiagnosed(input.snapshot, 'crash-loop') ?? firstLooping(input, isOther);
}

function isOutOfMemory({ lastReason }: ObservedPod): boolean {
  return lastReason === 'OOMKilled';
}

function firstDiagnosed(snapshot: NamespaceSnapshot, diagnosis: Diagnosis): Seen | undefined {
  for (const { pod, isBootstrap } of podsOf(snapshot)) {
    const symptom = podSymptom(pod, isBootstrap);
    if (symptom && diagnose(symptom) === diagnosis) {
      return { since: pod.createdAt, evidence: describeSymptom(symptom) };
    }
  }
  return undefined;
}

/** The pods that are to run FDD, and the bootstrap pod while it is the only way to FDD. */
function podsOf({ pods, bootstrapPod, deployment }: NamespaceSnapshot) {
  const bootstrap = deployment || !bootstrapPod ? [] : [{ pod: bootstrapPod, isBootstrap: true }];
  return [...pods.filter(waitsToRun).map((pod) => ({ pod, isBootstrap: false })), ...bootstrap];
}

/** One crash is not a loop. */
const LOOP_RESTARTS = 3;

/** A container that crashes again and again runs for moments in between, and can be ready then. */
function firstLooping(
  { snapshot, timings, now }: RuleInput,
  isMeant: (pod: ObservedPod) => boolean,
): Seen | undefined {
  const pod = snapshot.pods
    .filter(waitsToRun)
    .find((each) => isMeant(each) && isLooping(each, timings.graceMs, now));
  if (!pod) return undefined;
  const { name, restarts, lastReason, createdAt } = pod;
  const evidence = `pod ${name}: restarted ${restarts} times (${lastReason ?? 'for an unknown reason'}), has not run for long enough since`;
  return { since: createdAt, evidence };
}

/**
 * It has to run for twice as long as the last time, and for the grace at least, before it counts as recovered. One that ran for
 * long before it was restarted, such as by a reboot of its node, is not in a loop.
 */
function isLooping(pod: ObservedPod, graceMs: number, now: number): boolean {
  const { restarts, startedAt, lastRanMs = 0 } = pod;
  if (restarts < LOOP_RESTARTS || startedAt === undefined || lastRanMs >= FORGOTTEN_GRACES * graceMs)
    return false;
  return now - startedAt < Math.max(graceMs, 2 * lastRanMs);
}

/** With the default grace 10 minutes, after which the kubelet forgets a crash, too. */
const FORGOTTEN_GRACES = 10;
