import type { ErrorCode } from '../errors.ts';
import { isUnfinished } from '../rollout/is-unfinished.ts';
import type { RuleInput, Seen } from './rule-input.ts';

/** How often a refused deploy must be tried again, at least: the longest wait of healing. */
const BELIEVED_GRACES = 60;

/** A kind that FDD and Skipper work with does not exist in the cluster. */
export function crdMissing(input: RuleInput): Seen | undefined {
  // An Application that the watch still follows shows that its kind exists.
  return input.snapshot.application ? undefined : refused(input, 'crd_missing');
}

/** Skipper lacks permissions. */
export function rightsMissing(input: RuleInput): Seen | undefined {
  return refused(input, 'forbidden');
}

/**
 * The last deploy ended because of it. Nothing shows when a permission is granted: after a while the refusal counts as
 * outdated, so that the next repair shows whether it is.
 */
function refused({ record, timings, now }: RuleInput, code: ErrorCode): Seen | undefined {
  if (record?.lastState !== 'failed' || record.lastCode !== code) return undefined;
  const { finishedAt = 0, reason } = record;
  if (isUnfinished(record) || now - finishedAt >= BELIEVED_GRACES * timings.graceMs) return undefined;
  return { since: finishedAt, evidence: `the last deploy was refused: ${reason}`, isFleetWide: true };
}
