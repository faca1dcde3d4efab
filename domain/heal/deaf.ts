import type { NamespaceSnapshot } from '../cluster/observed.ts';
import { utcTime } from '../utc-time.ts';
import type { RuleInput, Seen } from './rule-input.ts';

/**
 * FDD is ready, but has not begun a deployment of its namespace in time. An FDD that was started after the id was written
 * gets the time again: it reads all Applications when it starts. One that is not ready is unavailable, not deaf. While that cannot
 * be seen, nothing shows that it has ended.
 */
export function deaf({ snapshot, unbegun, isBegunKnown, before, timings, now }: RuleInput): Seen | undefined {
  const { deafAfterMs } = timings;
  const hearsSince = readySince(snapshot);
  if (isBegunKnown === false) return before.find(({ rule }) => rule === 'deaf');
  if (!unbegun || deafAfterMs === 0 || hearsSince === undefined) return undefined;
  if (now - Math.max(unbegun.since, hearsSince) < deafAfterMs) return undefined;
  const { application, deploymentId, since, count } = unbegun;
  const others = count > 1 ? `; ${count - 1} more Applications wait, too` : '';
  const got = `Application ${application} got deployment id ${deploymentId} at ${utcTime(since)}`;
  return { since, evidence: `${got}, no ApplicationStatus within ${deafAfterMs / 1000} s${others}` };
}

/** Since when an FDD can hear: 0 if unknown, undefined if none is ready. */
function readySince({ deployment, pods }: NamespaceSnapshot): number | undefined {
  if ((deployment?.availableReplicas ?? 0) === 0) return undefined;
  const ready = pods.filter((pod) => pod.ready && !pod.deleting);
  return ready.length === 0 ? undefined : Math.min(...ready.map(({ startedAt = 0 }) => startedAt));
}
