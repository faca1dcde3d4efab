import { BOOTSTRAP_POD, FDD } from './names.ts';
import type { NamespaceSnapshot, ObservedPod } from './observed.ts';

/** One log that the API server has. */
export interface LogToRead {
  readonly pod: string;
  readonly container: string;
  /** Of the container before its last restart. */
  readonly isPrevious: boolean;
}

/** During a rollout FDD has two pods. */
const MAX_PODS = 3;

/** The logs that explain a namespace: first of the pods that do not work, and of each what it wrote before it crashed. */
export function logsToRead({ pods, bootstrapPod }: NamespaceSnapshot): LogToRead[] {
  const worstFirst = pods.toSorted((a, b) => rank(a) - rank(b) || b.restarts - a.restarts);
  const ofFdd = worstFirst.slice(0, MAX_PODS).flatMap((pod) => logsOf(pod, FDD));
  return bootstrapPod ? [...logsOf(bootstrapPod, BOOTSTRAP_POD), ...ofFdd] : ofFdd;
}

/** One that terminates is not the one that people ask about. */
function rank({ ready, deleting }: ObservedPod): number {
  if (deleting) return 2;
  return ready ? 1 : 0;
}

function logsOf({ name: pod, restarts, blockedBy }: ObservedPod, container: string): LogToRead[] {
  const blocker = blockedBy
    ? [{ pod, container: blockedBy.container, isPrevious: blockedBy.restarts > 0 }]
    : [];
  const previous = restarts > 0 ? [{ pod, container, isPrevious: true }] : [];
  return [...blocker, ...previous, { pod, container, isPrevious: false }];
}
