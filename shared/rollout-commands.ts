import type { Queue } from 'bullmq';
import type { Actor } from '../domain/audit/actor.ts';
import { ignoreEntry } from '../domain/audit/release-entries.ts';
import { commandEntries } from '../domain/audit/rollout-entries.ts';
import { laneOfRollout } from '../domain/deploy/lane.ts';
import { SkipperError } from '../domain/errors.ts';
import { nextWave } from '../domain/rollout/next-wave.ts';
import { isOpen, type TargetState } from '../domain/rollout/rollout.ts';
import type { RolloutEvent } from '../domain/rollout/rollout-status.ts';
import { BadRequestError } from './bad-request-error.ts';
import { decideSoon } from './decide-soon.ts';
import type { DeployJobs } from './deploy-jobs.ts';
import { nameSome } from './name-some.ts';
import type { RolloutJob } from './queues.ts';
import { shownStateOf } from './shown-state-of.ts';
import type { IgnoredRelease } from './state/holds.ts';
import type { Advance, KnownRollout, RolloutControl, TargetEnding } from './state/rollout-control.ts';

/** An operator, and why. */
export interface Operator extends Actor {
  readonly reason: string;
}

/** A command does not fit the state of the rollout. */
export class RolloutConflictError extends Error {
  readonly state: TargetState;

  constructor(state: TargetState, message: string) {
    super(message);
    this.name = 'RolloutConflictError';
    this.state = state;
  }
}

/** What a command has done. */
export interface CommandResult {
  /** The state of the rollout from then on. */
  readonly state: TargetState;
  /** The namespaces that it changed. */
  readonly namespaces: readonly string[];
  /**
   * Namespaces that it could not end, because their deploys have begun: they end as usual. For a retry: namespaces that a newer
   * rollout was requested for.
   */
  readonly left: readonly string[];
}

/** What an operator can do with a rollout. Throws `not_found`, BadRequestError and RolloutConflictError. */
export interface RolloutCommands {
  pause(id: string, operator: Operator): Promise<CommandResult>;
  /** Failures until now do not count any more. */
  resume(id: string, operator: Operator): Promise<CommandResult>;
  /** Also keeps the release check from rolling the same releases out again. */
  cancel(id: string, operator: Operator): Promise<CommandResult>;
  /** Retries the failed targets with the same release; if none is named, all of them. Not those that have a newer request. */
  retry(id: string, operator: Operator, namespaces?: readonly string[]): Promise<CommandResult>;
  skip(id: string, operator: Operator, namespaces: readonly string[]): Promise<CommandResult>;
  /** Lets the wave begin that waits for an approval. */
  approve(id: string, operator: Operator): Promise<CommandResult>;
}

interface CommandParts {
  readonly state: Pick<RolloutControl, 'now' | 'knownRollout' | 'advance'>;
  readonly queue: Pick<Queue<RolloutJob>, 'add'>;
  readonly jobs: DeployJobs;
  /** Called once for each rollout that ends here. */
  readonly onEnd?: (state: TargetState) => void;
}

/** Others can change the rollout between reading and writing it. */
const MAX_READS = 20;

type Command = (known: KnownRollout, operator: Operator) => Change;
type Change = Omit<Advance, 'id' | 'revision' | 'bump'> & { readonly event: RolloutEvent };

export function createRolloutCommands(parts: CommandParts): RolloutCommands {
  const run = (id: string, operator: Operator, command: Command) =>
    carryOut(parts, id, (known) => withAudit(known, command(known, operator), operator));
  const runOn = async (id: string, operator: Operator, command: Command) => {
    const result = await run(id, operator, command);
    await wakeHeld(parts, id);
    return result;
  };
  return {
    pause: (id, operator) => run(id, operator, pause),
    resume: (id, operator) => runOn(id, operator, resume),
    cancel: async (id, operator) => {
      const result = await run(id, operator, cancel);
      parts.onEnd?.('cancelled');
      return result;
    },
    retry: (id, operator, namespaces) => runOn(id, operator, (known, by) => retry(known, by, namespaces)),
    skip: (id, operator, namespaces) => run(id, operator, (known, by) => skip(known, by, namespaces)),
    approve: (id, operator) => run(id, operator, approve),
  };
}

/** The audit log gets what the timeline gets, and the releases that are ignored from then on. */
function withAudit(known: KnownRollout, change: Change, { by, trigger, from }: Operator): Change {
  const actor = { by, trigger, from };
  const ignored = (change.ignore ?? []).map((release) => ignoreEntry(release, actor));
  return { ...change, audit: [...commandEntries(known, change.event, actor), ...ignored] };
}

async function carryOut(
  { state, queue }: CommandParts,
  id: string,
  command: (known: KnownRollout) => Change,
): Promise<CommandResult> {
  for (let read = 0; read < MAX_READS; read += 1) {
    const known = await state.knownRollout(id);
    if (known === undefined) throw new SkipperError('not_found', `rollout "${id}" does not exist`);
    const wanted = command(known);
    const { deadlinesFrom } = wanted;
    const answer = await state.advance({
      id,
      revision: known.status.revision,
      bump: true,
      ...wanted,
      deadlinesFrom: deadlinesFrom && state.now(),
    });
    if (answer.kind === 'stale') continue;
    if (answer.kind === 'gone') break;
    if (wanted.reopen?.every((namespace) => answer.left.includes(namespace)))
      throw replacedError(known.status.state, answer.left);
    await decideSoon(queue, [id]);
    return toResult(wanted, answer.left);
  }
  throw new SkipperError('conflict', `rollout "${id}" changes too quickly: repeat the command`);
}

function toResult({ event }: Change, left: readonly string[]): CommandResult {
  const { state, namespaces = [] } = event;
  return { state, namespaces: namespaces.filter((namespace) => !left.includes(namespace)), left };
}

function replacedError(state: TargetState, namespaces: readonly string[]): RolloutConflictError {
  const names = namespaces.slice(0, 10).join(', ');
  const message = `nothing to retry: newer rollouts have replaced this one in ${names}; request a new rollout instead`;
  return new RolloutConflictError(state, message);
}

function pause(known: KnownRollout, { by, reason }: Operator): Change {
  const state = shownStateOf(known);
  if (state !== 'pending' && state !== 'running') throw unfit(state, 'pause', 'pending or running');
  const why = `paused by ${by}: ${reason}`;
  return {
    change: { state: 'paused', reason: why, failures: [] },
    because: 'the rollout is paused: nothing new is admitted',
    event: { at: Date.now(), kind: 'paused', state: 'paused', by, reason },
  };
}

function resume(known: KnownRollout, { by, reason }: Operator): Change {
  const { targets, plans } = known;
  const current = shownStateOf(known);
  if (current !== 'paused') throw unfit(current, 'resume', 'paused');
  const state = [...plans.values()].some(({ admittedAt }) => admittedAt !== undefined)
    ? 'running'
    : 'pending';
  const excuse = [...targets]
    .filter(([, target]) => !isOpen(target.state) && target.state !== 'completed')
    .map(([namespace]) => namespace);
  return {
    change: { state, reason: `resumed by ${by}: ${reason}`, failures: [] },
    excuse,
    deadlinesFrom: Date.now(),
    event: { at: Date.now(), kind: 'resumed', state, by, reason },
  };
}

function cancel(known: KnownRollout, operator: Operator): Change {
  const { by, reason } = operator;
  const { targets } = known;
  const state = shownStateOf(known);
  if (!isOpen(state)) throw unfit(state, 'cancel', 'pending, running or paused');
  const why = `the rollout was cancelled by ${by}: ${reason}`;
  const ends = [...targets]
    .filter(([, target]) => isOpen(target.state))
    .map(([namespace]): TargetEnding => ({ namespace, state: 'cancelled', reason: why }));
  return {
    change: { state: 'cancelled', reason: `cancelled by ${by}: ${reason}`, failures: [] },
    ends,
    ignore: ignoredReleases(known, operator),
    because: 'the rollout is cancelled: nothing more is admitted',
    event: {
      at: Date.now(),
      kind: 'cancelled',
      state: 'cancelled',
      by,
      reason,
      namespaces: ends.map(({ namespace }) => namespace),
    },
  };
}

/** The failures that are not retried do not count any more: otherwise they would stop the rollout again. */
function retry(known: KnownRollout, { by, reason }: Operator, namespaces?: readonly string[]): Change {
  const { targets, plans } = known;
  const state = shownStateOf(known);
  if (state === 'cancelled' || state === 'superseded')
    throw unfit(state, 'retry', 'pending, running, paused, failed or completed');
  requireTargets(targets, namespaces ?? []);
  const failed = [...targets]
    .filter(([namespace, target]) => target.state === 'failed' && plans.has(namespace))
    .map(([namespace]) => namespace);
  const reopen = failed.filter((each) => namespaces?.includes(each) ?? true);
  if (reopen.length === 0) throw nothingToRetry(state, namespaces);
  return {
    change: { state: 'running', reason: `retried by ${by}: ${reason}`, failures: [] },
    reopen,
    excuse: failed,
    // A retry resumes a paused rollout.
    deadlinesFrom: state === 'paused' ? Date.now() : undefined,
    event: { at: Date.now(), kind: 'retried', state: 'running', by, reason, namespaces: reopen },
  };
}

function nothingToRetry(state: TargetState, namespaces?: readonly string[]): RolloutConflictError {
  const which = namespaces ? 'none of these targets' : 'no target';
  return new RolloutConflictError(state, `nothing to retry: ${which} has failed`);
}

function skip(known: KnownRollout, { by, reason }: Operator, namespaces: readonly string[]): Change {
  const { targets } = known;
  const state = shownStateOf(known);
  if (!isOpen(state)) throw unfit(state, 'skip', 'pending, running or paused');
  requireTargets(targets, namespaces);
  const isEnded = (namespace: string) => !isOpen(targets.get(namespace)?.state ?? 'cancelled');
  const ends = namespaces
    .filter((namespace) => !isEnded(namespace))
    .map(
      (namespace): TargetEnding => ({ namespace, state: 'cancelled', reason: `skipped by ${by}: ${reason}` }),
    );
  return {
    ends,
    excuse: namespaces,
    event: { at: Date.now(), kind: 'skipped', state, by, reason, namespaces },
  };
}

function requireTargets(targets: KnownRollout['targets'], namespaces: readonly string[]): void {
  const unknown = namespaces.filter((namespace) => !targets.has(namespace));
  if (unknown.length === 0) return;
  throw new BadRequestError(
    'namespaces',
    `not in this rollout: ${nameSome(unknown)}: leave them out`,
    unknown,
  );
}

function approve(known: KnownRollout, { by, reason }: Operator): Change {
  const { rollout, status } = known;
  const { state } = status;
  if (!rollout.strategy?.approval) throw new RolloutConflictError(state, 'its strategy needs no approval');
  if (state !== 'pending' && state !== 'running') throw unfit(state, 'approve', 'pending or running');
  const approvedWave = nextWave(plannedTargets(known));
  if (approvedWave >= rollout.strategy.waves.length)
    throw new RolloutConflictError(state, 'all its waves have begun');
  if (approvedWave <= (status.approvedWave ?? 0))
    throw new RolloutConflictError(state, `wave ${approvedWave + 1} is approved already`);
  return {
    approvedWave,
    event: { at: Date.now(), kind: 'approved', state, by, reason: `wave ${approvedWave + 1}: ${reason}` },
  };
}

function plannedTargets({ targets, plans }: KnownRollout) {
  return [...plans].map(([namespace, { wave, admittedAt }]) => {
    const { state } = targets.get(namespace) ?? { state: 'cancelled' as const };
    return { state, wave, admittedAt };
  });
}

function unfit(state: TargetState, command: string, fits: string): RolloutConflictError {
  return new RolloutConflictError(state, `cannot ${command} a rollout that is ${state}: it must be ${fits}`);
}

/** What was admitted before the pause waits in delayed jobs. */
async function wakeHeld({ state, jobs }: CommandParts, id: string): Promise<void> {
  const known = await state.knownRollout(id);
  if (known === undefined) return;
  const held = [...known.targets].flatMap(([namespace, { state: target, jobId }]) =>
    isOpen(target) && known.plans.get(namespace)?.admittedAt !== undefined
      ? [{ namespace, jobId, backoff: true }]
      : [],
  );
  await jobs.enqueue(held, laneOfRollout(known.rollout, known.targets.size));
}

/** Otherwise the next release check would begin the same rollout again. */
function ignoredReleases({ rollout, plans }: KnownRollout, { by, reason }: Operator): IgnoredRelease[] {
  if (rollout.trigger !== 'release') return [];
  const { id } = rollout;
  const at = Date.now();
  const versions = new Map([...plans.values()].map(({ release, version }) => [release, version]));
  return [...versions].map(([key, version]) => ({
    key,
    version,
    by,
    at,
    reason: `rollout ${id} was cancelled: ${reason}`,
    rolloutId: id,
  }));
}
