import { SKIPPER } from '../audit/actor.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import { describeElapsed } from '../rollout/describe-duration.ts';
import { utcTime } from '../utc-time.ts';
import { fleetRemedy } from './fleet-remedy.ts';
import type { HealSettings } from './heal-settings.ts';
import type { FleetCause } from './healing.ts';
import type { Finding } from './rule.ts';
import { RULE_MEANINGS } from './rule-meanings.ts';

export interface FleetCausePass {
  /** What is wrong in the whole fleet, as this pass sees it. */
  readonly findings: readonly Finding[];
  /** As the pass before has stored it. */
  readonly before: readonly FleetCause[] | undefined;
  readonly settings: Pick<HealSettings, 'backoffMs'>;
  readonly now: number;
}

export interface NotedCauses {
  readonly fleetCauses: readonly FleetCause[];
  readonly audit: readonly AuditEntry[];
}

/**
 * Notes in the audit log, once each, when a cause in the whole fleet begins and ends. Each worker that makes passes has its own watches,
 * and they do not break and recover at the same time: it is over if no pass has found it for a while.
 */
export function noteFleetCauses(pass: FleetCausePass): NotedCauses {
  const { findings, before = [] } = pass;
  const rules = new Set([...before, ...findings].map(({ rule }) => rule));
  const notes = [...rules].map((rule) =>
    noteCause(
      before.find((each) => each.rule === rule),
      findings.find((each) => each.rule === rule),
      pass,
    ),
  );
  return {
    fleetCauses: notes.flatMap(({ cause }) => cause ?? []),
    audit: notes.flatMap(({ entry }) => entry ?? []),
  };
}

interface Note {
  readonly cause: FleetCause | undefined;
  readonly entry?: AuditEntry;
}

function noteCause(
  known: FleetCause | undefined,
  found: Finding | undefined,
  { settings, now }: FleetCausePass,
): Note {
  if (found && begins(found, known)) return begin(found, now);
  if (!known || known.isOver) return { cause: known };
  if (found) return { cause: { ...known, evidence: found.evidence, seenAt: now } };
  if (now - known.seenAt < settings.backoffMs) return { cause: known };
  return { cause: { ...known, isOver: true }, entry: endEntry(known, now) };
}

/** A watch that has been broken since before the end only recovers later than the others. */
function begins({ since }: Finding, known: FleetCause | undefined): boolean {
  return known === undefined || (known.isOver === true && since > known.seenAt);
}

function begin({ rule, since, evidence }: Finding, now: number): Note {
  const reason = `${RULE_MEANINGS[rule]} (${evidence}). ${fleetRemedy({ rule, evidence })}`;
  return {
    cause: { rule, since, evidence, seenAt: now },
    entry: { ...entryOf(rule, now), kind: 'heal.blocked', reason, outcome: 'failed' },
  };
}

function endEntry({ rule, since, seenAt, evidence }: FleetCause, now: number): AuditEntry {
  const lasted = describeElapsed(seenAt - since);
  const times = `since ${utcTime(seenAt)}, after ${lasted}`;
  const reason = `no pass of healing has found it ${times}: ${RULE_MEANINGS[rule]} (${evidence})`;
  return { ...entryOf(rule, now), kind: 'heal.unblocked', reason, outcome: 'ok' };
}

function entryOf(rule: FleetCause['rule'], at: number) {
  return { at, by: SKIPPER, trigger: 'heal', rule, cause: rule } as const;
}
