import type { NamespaceRecord } from '../rollout/namespace-record.ts';
import type { HealingStatus, NamespaceHealing, Quarantine } from './healing.ts';
import { isStalePass } from './is-stale-pass.ts';
import type { Finding, Rule } from './rule.ts';
import { whyJudgedNowhere } from './why-not-judged.ts';

interface LatestPass {
  readonly status: HealingStatus | undefined;
  readonly healing: Pick<NamespaceHealing, 'findings' | 'quarantine'> | undefined;
  readonly record: Pick<NamespaceRecord, 'lastState' | 'finishedAt'> | undefined;
}

/** A rule that held when it was judged last. */
export interface Unjudged {
  readonly rule: Rule;
  /** Why it is not known whether it still holds. */
  readonly why: string;
}

/**
 * The first rule that is known to hold in a namespace now. A pass that is old shows nothing, neither does one from before a deploy
 * that was verified. What is wrong in the whole fleet says nothing about this FDD.
 */
export function holdingNow(pass: LatestPass, now: number): Finding | undefined {
  return findingsOf(pass).find(({ rule }) => whyUnjudged(rule, pass, now) === undefined);
}

/** The first rule that held in a namespace, and is not judged now: nothing shows that it has ended. */
export function unjudgedNow(pass: LatestPass, now: number): Unjudged | undefined {
  const [first] = findingsOf(pass).flatMap(({ rule }): Unjudged[] => {
    const why = whyUnjudged(rule, pass, now);
    return why === undefined ? [] : [{ rule, why }];
  });
  return first;
}

/** While healing is off, a quarantine is only remembered. */
export function quarantinedNow(pass: LatestPass): Quarantine | undefined {
  return isOver(pass) ? undefined : pass.healing?.quarantine;
}

/** What the latest pass that judged this namespace has found in it. */
function findingsOf(pass: LatestPass): readonly Finding[] {
  if (isOver(pass)) return [];
  return pass.healing?.findings.filter(({ isFleetWide }) => !isFleetWide) ?? [];
}

/** Nobody judges any more, or a deploy was verified since. */
function isOver({ status, record }: LatestPass): boolean {
  if (status === undefined) return false;
  return (
    status.mode === 'off' ||
    (record?.lastState === 'completed' && (record.finishedAt ?? 0) > status.checkedAt)
  );
}

/** In the same words as long as it lasts: a row that changes is sent to everyone. */
function whyUnjudged(rule: Rule, { status }: LatestPass, now: number): string | undefined {
  if (status === undefined || isStalePass(status, now)) return 'no recent pass of healing is known';
  return whyJudgedNowhere(rule, status);
}
