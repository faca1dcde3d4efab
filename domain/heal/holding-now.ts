import type { NamespaceRecord } from '../rollout/namespace-record.ts';
import type { HealingStatus, NamespaceHealing, Quarantine } from './healing.ts';
import { isStalePass } from './is-stale-pass.ts';
import type { Finding } from './rule.ts';
import { whyJudgedNowhere } from './why-not-judged.ts';

interface LatestPass {
  readonly status: HealingStatus | undefined;
  readonly healing: Pick<NamespaceHealing, 'findings' | 'quarantine'> | undefined;
  readonly record: Pick<NamespaceRecord, 'lastState' | 'finishedAt'> | undefined;
}

/**
 * The first rule that is known to hold in a namespace now. A pass that is old shows nothing, neither does one from before a deploy
 * that was verified. What is wrong in the whole fleet says nothing about this FDD.
 */
export function holdingNow(pass: LatestPass, now: number): Finding | undefined {
  const { status, healing } = pass;
  if (status === undefined || isStalePass(status, now) || isOver(pass)) return undefined;
  return healing?.findings.find(
    ({ rule, isFleetWide }) => !isFleetWide && whyJudgedNowhere(rule, status) === undefined,
  );
}

/** While healing is off, a quarantine is only remembered. */
export function quarantinedNow(pass: LatestPass): Quarantine | undefined {
  return isOver(pass) ? undefined : pass.healing?.quarantine;
}

/** Nobody judges any more, or a deploy was verified since. */
function isOver({ status, record }: LatestPass): boolean {
  if (status === undefined) return false;
  return (
    status.mode === 'off' ||
    (record?.lastState === 'completed' && (record.finishedAt ?? 0) > status.checkedAt)
  );
}
