import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { SKIPPER } from '../domain/audit/actor.ts';
import type { AuditEntry } from '../domain/audit/audit-entry.ts';
import { interruptedEntry } from '../domain/audit/rollout-entries.ts';
import type { NamespaceSnapshot } from '../domain/cluster/observed.ts';
import { describeLoss, describeRebuild } from '../domain/deploy/describe-rebuild.ts';
import {
  type OpenRolloutState,
  type RecoveredState,
  recoverState,
  type SavedCopy,
} from '../domain/deploy/recover-state.ts';
import { messageOf, SkipperError } from '../domain/errors.ts';
import type { WatchHealth } from '../domain/heal/sight-of.ts';
import type { Release } from '../domain/release/release.ts';
import type { EpochKeeperOptions } from './keep-epoch.ts';
import type { ClusterCache } from './kubernetes/cluster-cache.ts';
import { LEASE_MS } from './lease-ms.ts';
import { pause } from './pause.ts';
import { COPY_CURRENT_MS } from './saved-state/copy-current-ms.ts';
import type { AuditLog } from './state/audit-log.ts';
import type { Epoch } from './state/epoch.ts';
import type { Epochs } from './state/epochs.ts';
import { restoreCommands } from './state/restore-commands.ts';
import type { RestoreCommand } from './state/scripts.ts';

/** What was written earlier than this and is not verified is not the work of a rollout that was interrupted. */
const INTERRUPTED_FOR_MS = 15 * 60_000;
/** Timers are not exact. */
const MARGIN_MS = 300;

/** What is saved outside of Redis. */
export interface SavedState {
  readonly rollouts: readonly OpenRolloutState[];
  /** By key. */
  readonly releases: ReadonlyMap<string, Release>;
  /** What operators have decided, as the commands that write it. */
  readonly commands: readonly RestoreCommand[];
  /** An operator has paused the deploy queue on the board. */
  readonly deploysPaused: boolean;
  readonly savedAt: number;
  /** When its epoch was opened. */
  readonly epochAt: number;
  /** Ids of open rollouts that it had no room for. */
  readonly leftOut: readonly string[];
}

export interface RebuildParts {
  readonly state: Epochs & Pick<AuditLog, 'audit'> & { now(): number };
  readonly cluster: Pick<ClusterCache, 'isSynced' | 'namespaces' | 'snapshot' | 'watches'>;
  /** Undefined if nothing is saved; throws if that cannot be known now. */
  readonly readSaved: () => Promise<SavedState | undefined>;
  /** Nothing is saved as far as this process is set. */
  readonly isSavedOff: boolean;
  readonly pauseDeploys: () => Promise<unknown>;
  /** Adds the jobs of what is left to do. */
  readonly repair: () => Promise<unknown>;
  readonly rolloutTtlSeconds: number;
  readonly log: Logger;
  readonly leaseMs?: number;
}

/**
 * Rebuilds the state from the cluster and from what is saved, and then opens an epoch. A worker from before can write until its
 * lease must have expired: the cluster is read after that, and no run begins before. The claim shows that Redis has not lost its
 * data once more meanwhile. A new installation does not wait.
 */
export function createRebuild(parts: RebuildParts): EpochKeeperOptions['rebuild'] {
  const { state, cluster, log } = parts;
  let logged: string | undefined;
  return async ({ seenAt }) => {
    const unread = whyUnread(cluster);
    if (unread !== undefined) return unread;
    const token = randomUUID();
    if (!(await state.claimRebuild(token))) return ANOTHER_REBUILDS;
    try {
      const leftBehind = await state.leftBehind();
      const isAdopted =
        leftBehind === 'records' && seenAt === undefined && (await parts.readSaved()) === undefined;
      const wentBack = leftBehind !== 'nothing';
      const waitsFor = isAdopted ? await adopt(token, parts) : await fill({ token, seenAt, wentBack }, parts);
      if (waitsFor !== undefined) await state.endRebuild(token);
      return waitsFor;
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== logged) log.warn({ reason }, 'the state could not be rebuilt; it is tried again');
      logged = reason;
      await state.endRebuild(token);
      throw error;
    }
  };
}

/**
 * A process whose watches are broken knows an old cluster. Another process rebuilds the state, or this one does so later. A watch
 * that lacks its permission is as old, but may be of what the rebuild can do without; of a kind that does not exist there is nothing.
 */
function whyUnread(cluster: Pick<ClusterCache, 'isSynced' | 'watches'>): string | undefined {
  if (!cluster.isSynced()) return 'the cluster has not been read yet';
  const broken = cluster.watches().find(isUnread);
  return broken && `the watch of ${broken.name} is broken: ${broken.problem}`;
}

function isUnread({ name, problem, refused, trouble }: WatchHealth): boolean {
  if (problem === undefined || trouble?.code === 'crd_missing') return false;
  return !refused || !DISPENSABLE.includes(name);
}

/** They show how FDD is, not what was written. */
const DISPENSABLE: readonly string[] = ['pods', 'application-statuses'];

/** An older Skipper has filled Redis: its state is whole. */
async function adopt(token: string, { state }: RebuildParts): Promise<string | undefined> {
  const isOurs = await state.openEpoch(token, { id: randomUUID(), at: state.now() });
  return isOurs ? undefined : ANOTHER_REBUILDS;
}

const ANOTHER_REBUILDS = 'another process rebuilds the state';

interface Claim {
  readonly token: string;
  readonly seenAt: number | undefined;
  /** Redis has an older state, which is deleted. */
  readonly wentBack: boolean;
}

async function fill(claim: Claim, parts: RebuildParts): Promise<string | undefined> {
  const { readSaved, leaseMs = LEASE_MS } = parts;
  const isLost = claim.wentBack || claim.seenAt !== undefined;
  const isNew = !isLost && (await readSaved()) === undefined && !snapshotsOf(parts).some(hasOrigin);
  if (!isNew) await pause(leaseMs + MARGIN_MS, { ref: false });
  const saved = isNew ? undefined : await readSaved();
  const unread = whyUnread(parts.cluster);
  if (unread !== undefined) throw new SkipperError('cluster_unavailable', unread);
  return rebuild({ ...claim, snapshots: snapshotsOf(parts), saved, isNew }, parts);
}

function snapshotsOf({ cluster }: RebuildParts): NamespaceSnapshot[] {
  return cluster.namespaces().map(cluster.snapshot);
}

function hasOrigin({ application }: NamespaceSnapshot): boolean {
  return application?.origin !== undefined;
}

const SAFER_KEPT = [':holds', ':ignored-releases'];

interface Claimed extends Claim {
  readonly snapshots: readonly NamespaceSnapshot[];
  readonly saved: SavedState | undefined;
  readonly isNew: boolean;
}

async function rebuild(
  { token, snapshots, saved, isNew, seenAt, wentBack }: Claimed,
  parts: RebuildParts,
): Promise<string | undefined> {
  const { state, rolloutTtlSeconds, isSavedOff, log } = parts;
  const began = performance.now();
  const now = state.now();
  const overdueBefore = now - INTERRUPTED_FOR_MS;
  const copy = saved && { ...saved, isOld: (seenAt ?? now) - saved.savedAt > COPY_CURRENT_MS };
  const recovered = recoverState({ snapshots, copy, now, overdueBefore });
  const commands = [...(saved?.commands ?? []), ...restoreCommands(recovered, { now, rolloutTtlSeconds })];
  const known = isSavedOff ? { hasReadSaved: false } : {};
  const epoch = {
    id: randomUUID(),
    // Later than that of the copy, also if the clock of a new Redis is behind.
    at: Math.max(now, (saved?.epochAt ?? 0) + 1),
    ...known,
    ...(isNew ? {} : { rebuilt: { ...summaryOf(recovered, copy), ...(wentBack && { wentBack }) } }),
  };
  // Without a copy, holds that have ended since are safer than none.
  const keep = saved === undefined ? SAFER_KEPT : [];
  if (wentBack && !(await state.sweep(token, keep))) return ANOTHER_REBUILDS;
  if (saved?.deploysPaused) await parts.pauseDeploys();
  const changed = recovered.namespaces.map(({ namespace }) => namespace);
  const isOurs =
    isNew || (await state.restore(token, commands)) ? await state.openEpoch(token, epoch, changed) : false;
  if (!isOurs) return ANOTHER_REBUILDS;
  if (isNew) return undefined;
  const ms = Math.round(performance.now() - began);
  log.warn({ ...epoch.rebuilt, ms }, `${describeLoss({ wentBack })}: the state was rebuilt from the cluster`);
  await afterwards(auditOf(epoch, recovered), parts);
  return undefined;
}

function auditOf({ at, rebuilt }: Epoch, { rollouts, interrupted }: RecoveredState): AuditEntry[] {
  const reason = rebuilt ? `${describeLoss(rebuilt)}: ${describeRebuild(rebuilt)}` : '';
  const paused = rollouts.filter(({ rollout }) => interrupted.includes(rollout.id));
  return [
    { at, kind: 'state.rebuilt', by: SKIPPER, reason, outcome: 'ok' },
    ...paused.map(({ rollout, status }) => interruptedEntry(rollout, status.reason, at)),
  ];
}

function summaryOf(
  { namespaces, rollouts, interrupted }: RecoveredState,
  copy: SavedCopy | undefined,
): NonNullable<Epoch['rebuilt']> {
  return {
    namespaces: namespaces.length,
    rollouts: rollouts.length,
    interrupted: interrupted.length,
    ...(copy ? { copy: copy.isOld ? 'old' : 'current', copyAt: copy.savedAt } : { copy: 'none' }),
  };
}

/** What another process does as well, only later. */
async function afterwards(
  entries: readonly AuditEntry[],
  { state, repair, log }: RebuildParts,
): Promise<void> {
  const done = await Promise.allSettled([state.audit(entries), repair()]);
  for (const each of done) {
    if (each.status === 'rejected') log.debug({ reason: messageOf(each.reason) }, 'done by the next repair');
  }
}
