import type { Logger } from 'pino';
import { decisionEntries } from '../domain/audit/rollout-entries.ts';
import { laneOfRollout } from '../domain/deploy/lane.ts';
import { type Decision, decideRollout } from '../domain/rollout/decide-rollout.ts';
import { decisionEvent } from '../domain/rollout/decision-event.ts';
import { nextCheck } from '../domain/rollout/next-check.ts';
import { isOpen, type Rollout, type TargetState } from '../domain/rollout/rollout.ts';
import type { DeployJobs } from '../shared/deploy-jobs.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import type { RolloutPolicySource } from '../shared/rollout-policy-file.ts';
import type { Holds } from '../shared/state/holds.ts';
import type { Records } from '../shared/state/records.ts';
import type {
  Advanced,
  KnownRollout,
  RolloutControl,
  TargetEnding,
} from '../shared/state/rollout-control.ts';
import { isBlind } from './is-blind.ts';
import { readSituation } from './read-situation.ts';
import { reviewTargets } from './review-targets.ts';

export interface DecideDependencies {
  readonly state: Pick<RolloutControl, 'now' | 'knownRollout' | 'advance' | 'forgetRollout'> &
    Pick<Records, 'records'> &
    Pick<Holds, 'holds'>;
  readonly cluster: Pick<ClusterCache, 'snapshot' | 'watches'>;
  readonly client: Pick<KubernetesClient, 'get'>;
  readonly jobs: DeployJobs;
  readonly policy: Pick<RolloutPolicySource, 'current'>;
  readonly log: Logger;
  /** Called before a rollout in waves admits its first target, so that it survives a loss of Redis. */
  readonly saveState?: () => Promise<void>;
  /** Called once for each rollout that ends here. */
  readonly onEnd?: (state: TargetState) => void;
}

/** What a decision has done, shown on the board. */
export interface DecisionResult {
  readonly state: string;
  readonly admitted: number;
  readonly because: string;
}

/** Others can change the rollout between reading it and deciding; each time it is read again. */
const MAX_READS = 10;
const BLIND_CHECK_MS = 1_000;
/** A decision that comes this much later than planned has waited for workers, or for Redis. */
const LATE_MS = 10_000;
/** A decision reads all targets: those about large rollouts are rarer, so that they do not take a whole processor. */
const TARGETS_PER_REST_MS = 20;
const SHORTEST_REST_MS = 50;
const LONGEST_REST_MS = 1_000;

/** Decides what a rollout does next, and does it. Any worker can do that, any number of times. */
export async function decideRolloutJob(
  id: string,
  dependencies: DecideDependencies,
): Promise<DecisionResult> {
  const { state } = dependencies;
  for (let read = 0; read < MAX_READS; read += 1) {
    const known = await state.knownRollout(id);
    if (known === undefined) break;
    const result = await decideOnce(known, dependencies);
    if (result !== 'stale') return result;
  }
  // Expired, or lost with Redis. A rollout that only changes too quickly stays due.
  if ((await state.knownRollout(id)) !== undefined)
    return nothing('it changes too quickly: decided again soon');
  await state.forgetRollout(id);
  return nothing('it is not stored any more');
}

function nothing(because: string): DecisionResult {
  return { state: 'unknown', admitted: 0, because };
}

async function decideOnce(
  known: KnownRollout,
  dependencies: DecideDependencies,
): Promise<DecisionResult | 'stale'> {
  const { rollout, status } = known;
  if (isOpen(status.state) && rollout.strategy?.type === 'Progressive' && isBlind(dependencies.cluster)) {
    return wait(
      known,
      'waits: the API server does not answer, so nothing is known about the namespaces',
      dependencies,
    );
  }
  const now = dependencies.state.now();
  const deadlinesFrom = wasLate(known, now) ? now : status.deadlinesFrom;
  const situation = await readSituation({ ...known, status: { ...status, deadlinesFrom } }, dependencies);
  const decision = decideRollout(situation);
  const ends = decision.fail.map(
    ({ namespace, code, reason }): TargetEnding => ({
      namespace,
      state: 'failed',
      code,
      reason,
      cause: reason,
      isFinal: true,
    }),
  );
  const reviewed = await reviewTargets(known, decision.admit, dependencies);
  if (reviewed.ends.length + Object.keys(reviewed.plans).length > 0) {
    // What leaves makes room for others: decide again from what is stored then.
    const audit = decisionEntries(known, { admit: [], fail: decision.fail, because: '' }, now);
    const answer = await advance(
      known,
      { ends: [...ends, ...reviewed.ends], plans: reviewed.plans, deadlinesFrom, audit, bump: true },
      dependencies,
    );
    return answer.kind === 'done' ? 'stale' : toResult(answer, known, decision);
  }
  const isFirst = status.state === 'pending' && decision.admit.length > 0;
  if (isFirst && rollout.strategy?.type === 'Progressive') await dependencies.saveState?.();
  const wakeAt = nextCheck(decision, situation);
  const event = decisionEvent(decision, situation);
  const answer = await advance(
    known,
    {
      admit: decision.admit,
      ends,
      change: decision.change,
      because: decision.because,
      wakeAt,
      restMs: restAfter(known.targets.size),
      deadlinesFrom,
      event,
      audit: decisionEntries(known, decision, now),
    },
    dependencies,
  );
  if (answer.kind === 'done' && decision.change && !isOpen(decision.change.state))
    dependencies.onEnd?.(decision.change.state);
  if (answer.kind === 'done') await queueAdmitted(rollout, known, answer, dependencies);
  return toResult(answer, known, decision);
}

/** No worker decided when it was due: none ran, or Redis was unreachable, so targets made no progress either. */
function wasLate({ status: { wakeAt } }: KnownRollout, now: number): boolean {
  return wakeAt !== undefined && now - wakeAt > LATE_MS;
}

/** Undefined for a rollout of up to a thousand targets. */
function restAfter(targets: number): number | undefined {
  const ms = targets / TARGETS_PER_REST_MS;
  return ms > SHORTEST_REST_MS ? Math.min(LONGEST_REST_MS, ms) : undefined;
}

async function wait(
  known: KnownRollout,
  because: string,
  dependencies: DecideDependencies,
): Promise<DecisionResult | 'stale'> {
  const now = dependencies.state.now();
  const what = { because, wakeAt: now + BLIND_CHECK_MS, deadlinesFrom: now };
  const answer = await advance(known, what, dependencies);
  return answer.kind === 'stale' ? 'stale' : { state: known.status.state, admitted: 0, because };
}

function toResult(answer: Advanced, { status }: KnownRollout, decision: Decision): DecisionResult | 'stale' {
  if (answer.kind !== 'done') return 'stale';
  const { change, because } = decision;
  return { state: change?.state ?? status.state, admitted: answer.targets.length, because };
}

function advance(
  { rollout, status, targets }: KnownRollout,
  what: Omit<Parameters<RolloutControl['advance']>[0], 'id' | 'revision'>,
  { state }: Pick<DecideDependencies, 'state'>,
): Promise<Advanced> {
  const failed = [...targets.values()].filter((target) => target.state === 'failed').length;
  const { revision, seq } = status;
  return state.advance({ id: rollout.id, revision, failed, seq, ...what });
}

async function queueAdmitted(
  rollout: Rollout,
  { targets }: KnownRollout,
  { targets: admitted }: Extract<Advanced, { kind: 'done' }>,
  { jobs, log }: DecideDependencies,
): Promise<void> {
  if (admitted.length === 0) return;
  await jobs.enqueue(admitted, laneOfRollout(rollout, targets.size));
  log.info({ rollout: rollout.id, admitted: admitted.length }, 'targets admitted');
}
