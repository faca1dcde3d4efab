import type { StoredAuditEntry } from './audit-list.ts';

/** Why an Event is on the Application of a namespace. */
export const EVENT_REASONS = ['Deployed', 'DeployFailed', 'Healed', 'Quarantined'] as const;
export type EventReason = (typeof EVENT_REASONS)[number];

/** Something that happened to a namespace, for those who describe its Application. */
export interface ApplicationEvent {
  readonly namespace: string;
  readonly reason: EventReason;
  /** For people. */
  readonly note: string;
  /** Equal causes in a namespace are one Event, which counts. */
  readonly cause: string;
}

/** Where an Event comes from. */
export interface EventOrigin {
  /** Of the Application: `kubectl describe` shows only Events with its uid. */
  readonly uid: string;
  /** The worker. */
  readonly instance: string;
  /** Its name, from namespace, reason and cause. */
  readonly name: string;
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number;
}

export const REPORTING_CONTROLLER = 'skipper.fiaas.io';
const NOTE_BYTES = 1_024;
const INSTANCE_LENGTH = 128;

const ACTIONS: Readonly<Record<EventReason, string>> = {
  Deployed: 'Deploy',
  DeployFailed: 'Deploy',
  Healed: 'Heal',
  Quarantined: 'Heal',
};

/** The Event as the API server wants it: `events.k8s.io/v1`. */
export function toEventManifest(
  { namespace, reason, note }: ApplicationEvent,
  { uid, instance, name, at }: EventOrigin,
): object {
  const isGood = reason === 'Deployed' || reason === 'Healed';
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace },
    eventTime: microTime(at),
    reportingController: REPORTING_CONTROLLER,
    reportingInstance: instance.slice(0, INSTANCE_LENGTH),
    action: ACTIONS[reason],
    reason,
    regarding: {
      apiVersion: 'fiaas.schibsted.io/v1',
      kind: 'Application',
      namespace,
      name: 'fiaas-deploy-daemon',
      uid,
    },
    note: cut(note),
    type: isGood ? 'Normal' : 'Warning',
  };
}

/** What a repeated Event changes: everything else of it is immutable. */
export function toEventSeries(count: number, at: number): object {
  return { series: { count, lastObservedTime: microTime(at) } };
}

function microTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}

/** At most a kibibyte, and no half of a character. */
function cut(note: string): string {
  const bytes = new TextEncoder().encode(note);
  if (bytes.length <= NOTE_BYTES) return note;
  const text = new TextDecoder().decode(bytes.subarray(0, NOTE_BYTES - 3));
  return `${text.replace(/\ufffd$/, '')}…`;
}

/** What an entry of the audit log means for single namespaces. */
export function eventsOf(entry: StoredAuditEntry): ApplicationEvent[] {
  const { namespaces = [], reason: note, cause = note } = entry;
  const reason = reasonOf(entry);
  return reason === undefined ? [] : namespaces.map((namespace) => ({ namespace, reason, note, cause }));
}

/** A namespace that is failing by a rule of healing has no deploy that failed. */
function reasonOf({ kind, rule }: StoredAuditEntry): EventReason | undefined {
  if (kind === 'heal.quarantined') return 'Quarantined';
  return kind === 'namespace.failing' && rule === undefined ? 'DeployFailed' : undefined;
}
