import type { NamespaceRecord } from '../rollout/namespace-record.ts';
import type { HealingStatus, NamespaceHealing } from './healing.ts';
import { isStalePass } from './is-stale-pass.ts';
import type { Finding } from './rule.ts';
import { whyJudgedNowhere } from './why-not-judged.ts';

interface LatestPass {
  readonly status: HealingStatus | undefined;
  readonly healing: Pick<NamespaceHealing, 'findings'> | undefined;
  readonly record: Pick<NamespaceRecord, 'lastState' | 'finishedAt'> | undefined;
}

/**
 * The first rule that is known to hold in a namespace now. A pass that is old shows nothing, neither does one from before a deploy
 * that was verified. What is wrong in the whole fleet says nothing about this FDD.
 */
export function holdingNow({ status, healing, record }: LatestPass, now: number): Finding | undefined {
  if (status === undefined || status.mode === 'off' || isStalePass(status, now)) return undefined;
  const isVerifiedSince = record?.lastState === 'completed' && (record.finishedAt ?? 0) > status.checkedAt;
  if (isVerifiedSince) return undefined;
  return healing?.findings.find(
    ({ rule, isFleetWide }) => !isFleetWide && whyJudgedNowhere(rule, status) === undefined,
  );
}
