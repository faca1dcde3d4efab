import { describeElapsed } from '../rollout/describe-duration.ts';
import { utcTime } from '../utc-time.ts';
import { SKIPPER } from './actor.ts';
import type { AuditEntry } from './audit-entry.ts';

/** What Skipper cannot work without. */
export const OUTAGE_KINDS = ['redis', 'cluster'] as const;
export type OutageKind = (typeof OUTAGE_KINDS)[number];

/** A shorter outage is nothing that anybody has to know. */
export const NOTED_OUTAGE_MS = 60_000;

const NAMES: Readonly<Record<OutageKind, string>> = { redis: 'Redis', cluster: 'the Kubernetes API' };

export interface Outage {
  readonly kind: OutageKind;
  readonly beganAt: number;
  readonly reason: string;
}

export function outageEntry({ kind, beganAt, reason }: Outage, at: number): AuditEntry {
  const why = `${NAMES[kind]} has been unreachable since ${utcTime(beganAt)}: ${reason}`;
  return { at, kind: `outage.${kind}`, by: SKIPPER, reason: why, cause: reason, outcome: 'failed' };
}

/** Of an outage that `outageEntry` has reported. */
export function outageEndEntry(outage: Outage, at: number): AuditEntry {
  const reason = describePast(outage, at);
  return { at, kind: 'outage.ended', by: SKIPPER, reason, cause: outage.kind, outcome: 'ok' };
}

/** Of an outage that is reported only when it is over: it has no other entry. */
export function pastOutageEntry(outage: Outage, at: number): AuditEntry {
  const { kind, reason: cause } = outage;
  const reason = describePast(outage, at);
  return { at, kind: `outage.${kind}`, by: SKIPPER, reason, cause, outcome: 'ok' };
}

function describePast({ kind, beganAt, reason }: Outage, at: number): string {
  const lasted = describeElapsed(at - beganAt);
  const times = `from ${utcTime(beganAt)} until ${utcTime(at)}`;
  return `${NAMES[kind]} was unreachable ${times} (${lasted}): ${reason}`;
}
