import type { NamespaceRecord } from '../rollout/namespace-record.ts';
import type { HealingStatus, HealMode, NamespaceHealing } from './healing.ts';
import { isStalePass } from './is-stale-pass.ts';

export interface OutdatedNamespace {
  readonly healing: NamespaceHealing | undefined;
  readonly record: Pick<NamespaceRecord, 'release' | 'handledRelease' | 'lastState'> | undefined;
  /** Key of the release that it should have. */
  readonly release: string;
  /** Its ConfigMap has changed since it was deployed. */
  readonly isReconfigured: boolean;
}

/**
 * True if the release check leaves a namespace to healing: the release is not new there, so something is wrong with its FDD. What
 * is in quarantine gets nothing but a new release.
 */
export function isLeftToHealing({ healing, record, release, isReconfigured }: OutdatedNamespace): boolean {
  if (!record || isReconfigured) return false;
  if (healing?.quarantine) return record.release === release;
  if (record.handledRelease !== release) return false;
  // A deploy that failed although nothing is wrong with FDD is retried by the release check.
  return record.lastState !== 'failed' || (healing !== undefined && healing.findings.length > 0);
}

/** True if healing repairs: a worker makes its passes, and has not stopped. */
export function isHealing(mode: HealMode, status: HealingStatus | undefined, now: number): boolean {
  return mode === 'on' && status?.mode === 'on' && !isStalePass(status, now);
}
