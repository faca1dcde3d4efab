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
  const why = `${NAMES[kind]} cannot be used since ${new Date(beganAt).toISOString()}: ${reason}`;
  return { at, kind: `outage.${kind}`, by: SKIPPER, reason: why, cause: reason, outcome: 'failed' };
}

export function outageEndEntry({ kind, beganAt }: Outage, at: number): AuditEntry {
  const seconds = Math.round((at - beganAt) / 1000);
  const reason = `${NAMES[kind]} can be used again after ${seconds} s`;
  return { at, kind: 'outage.ended', by: SKIPPER, reason, cause: kind, outcome: 'ok' };
}
