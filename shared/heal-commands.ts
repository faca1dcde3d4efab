import type { AuditEntry } from '../domain/audit/audit-entry.ts';
import { SkipperError } from '../domain/errors.ts';
import { endQuarantine } from '../domain/heal/end-quarantine.ts';
import type { HealingStatus, NamespaceHealing } from '../domain/heal/healing.ts';
import type { HealCommandView } from '../domain/heal/healing-view.ts';
import { statusWithoutPass } from '../domain/heal/status-without-pass.ts';
import type { HealingChange, HealingRecords } from './state/healing.ts';
import type { RolloutControl } from './state/rollout-control.ts';

/** Who commands it, and why; the audit log also keeps what was used. */
export interface HealOperator extends Pick<AuditEntry, 'by' | 'reason' | 'trigger' | 'from'> {}

export interface Released {
  readonly released: readonly string[];
  /** They are not in quarantine. */
  readonly unknown: readonly string[];
}

/** What operators can do about healing. Each change is stored whole, together with its entry in the audit log. */
export interface HealCommands {
  /** Nothing is healed until a person resumes it. */
  stop(operator: HealOperator): Promise<HealCommandView>;
  /** What fell sick before does not stop it again. Changes nothing if it is not stopped. */
  resume(operator: HealOperator): Promise<HealCommandView>;
  /** Ends the quarantine of namespaces: their repair begins at its first step. */
  release(command: HealOperator & { readonly namespaces: readonly string[] }): Promise<Released>;
}

export interface HealCommandParts {
  readonly state: Pick<HealingRecords, 'healing' | 'healingStatus' | 'healingRevision' | 'saveHealing'> &
    Pick<RolloutControl, 'now'>;
}

/** A pass can come between reading and writing. */
const MAX_READS = 20;

export function createHealCommands({ state }: HealCommandParts): HealCommands {
  return {
    stop: (operator) =>
      changeStatus(state, (status) => ({
        status: { ...status, stopped: { at: state.now(), by: operator.by, reason: operator.reason } },
        audit: [entryOf('heal.stopped', operator, state.now())],
      })),
    resume: (operator) =>
      changeStatus(
        state,
        ({ stopped, ...status }) =>
          stopped && {
            status: { ...status, resumedAt: state.now() },
            audit: [entryOf('heal.resumed', operator, state.now())],
          },
      ),
    release: (command) => release(state, command),
  };
}

type Store = HealCommandParts['state'];
type Change = Omit<HealingChange, 'revision'>;

async function changeStatus(
  state: Store,
  change: (
    status: HealingStatus,
  ) => { readonly status: HealingStatus; readonly audit: readonly AuditEntry[] } | undefined,
): Promise<HealCommandView> {
  return carryOut<HealCommandView>(state, async () => {
    // Healing can be stopped before its first pass, which keeps that.
    const status = (await state.healingStatus()) ?? statusWithoutPass(state.now());
    const changed = change(status);
    if (!changed) return { change: undefined, result: { status, isUnchanged: true } };
    return { change: { ...changed, healing: new Map() }, result: { status: changed.status } };
  });
}

async function release(
  state: Store,
  { namespaces, ...operator }: HealOperator & { readonly namespaces: readonly string[] },
): Promise<Released> {
  return carryOut(state, async () => {
    const known = await state.healing();
    const now = state.now();
    const names = [...new Set(namespaces)];
    const released = names.filter((name) => known.get(name)?.quarantine);
    const healing = new Map(
      [...known].flatMap(([name, each]): [string, NamespaceHealing][] =>
        released.includes(name) ? [[name, toReleased(each, operator, now)]] : [],
      ),
    );
    const audit = released.map((namespace) => ({
      ...entryOf('heal.unquarantined', operator, now),
      namespaces: [namespace],
      count: 1,
    }));
    const unknown = names.filter((name) => !released.includes(name));
    return { change: { healing, audit }, result: { released, unknown } };
  });
}

function toReleased(healing: NamespaceHealing, { by, reason }: HealOperator, now: number): NamespaceHealing {
  const known = endQuarantine(healing, now);
  return { ...known, state: 'waiting', reason: `released from quarantine by ${by}: ${reason}` };
}

async function carryOut<Result>(
  state: Store,
  decide: () => Promise<{ readonly change: Change | undefined; readonly result: Result }>,
): Promise<Result> {
  for (let read = 0; read < MAX_READS; read += 1) {
    const revision = await state.healingRevision();
    const { change, result } = await decide();
    if (!change || (await state.saveHealing({ ...change, revision })) !== 'stale') return result;
  }
  throw new SkipperError('conflict', 'healing changes too quickly: repeat the command');
}

function entryOf(
  kind: AuditEntry['kind'],
  { by, reason, trigger, from }: HealOperator,
  at: number,
): AuditEntry {
  return {
    at,
    kind,
    by,
    ...(trigger && { trigger }),
    ...(from !== undefined && { from }),
    reason,
    outcome: 'ok',
  };
}
