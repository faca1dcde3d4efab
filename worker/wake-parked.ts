import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import { findDeadEnd } from '../domain/deploy/find-dead-end.ts';
import { judgeParked, type Parking } from '../domain/deploy/parking.ts';
import { messageOf } from '../domain/errors.ts';
import { promoteIfDelayed } from '../shared/deploy-jobs.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import type { DeployJob } from '../shared/queues.ts';
import type { ParkedRuns } from '../shared/state/parked-runs.ts';
import type { Runs } from '../shared/state/runs.ts';
import { blindSpot } from './blind-spot.ts';
import { isBlind } from './is-blind.ts';

/** An event, a message or a worker can be lost: everything is judged again this often. */
const SWEEP_EVERY_MS = 5_000;
const BLIND_CLOCK_MS = 1_000;
/** A run that was woken has this long to resume before it is woken again. */
const WAKE_AGAIN_MS = 4_000;
/** What a parked run waits for is published at most this often. */
const DESCRIBE_EVERY_MS = 2_000;

/** Wakes parked runs when their namespaces change or have a newer request, and jobs for which there is room in the limit. */
export interface Waker {
  /** A run of this worker has just been parked. The event that decides it, or a newer request, can have come before that. */
  watch(namespace: string, parking: Parking): Promise<void>;
  /** For how long the API server was unreachable since the namespace's run was parked, in milliseconds. */
  blindMs(namespace: string): number;
  /** For how long no FDD has been left that could deploy (findDeadEnd), in milliseconds. */
  deadEndMs(namespace: string): number;
  stop(): void;
}

export interface WakerDependencies {
  readonly cluster: Pick<
    ClusterCache,
    'snapshot' | 'deploymentsPosition' | 'applicationsPosition' | 'watches' | 'onAnyChange'
  >;
  readonly queue: {
    getJob(jobId: string): Promise<Pick<Job<DeployJob>, 'isDelayed' | 'promote'> | undefined>;
  };
  readonly state: ParkedRuns & Pick<Runs, 'onRoom'>;
  readonly log: Logger;
  readonly sweepEveryMs?: number;
}

interface Parked {
  readonly parking: Parking;
  readonly blindBefore: number;
  deadEndAt: number | undefined;
  wokenAt: number;
  describedAt: number;
  described: string | undefined;
}

/** Every worker watches all parked runs: whichever sees the event first wakes the run, and any worker resumes it. */
export function wakeParked({
  cluster,
  queue,
  state,
  log,
  sweepEveryMs = SWEEP_EVERY_MS,
}: WakerDependencies): Waker {
  const parked = new Map<string, Parked>();
  let blindTotal = 0;
  let sweeping = false;

  function add(namespace: string, parking: Parking): Parked {
    const now = Date.now();
    const entry: Parked = {
      parking,
      blindBefore: blindTotal,
      deadEndAt: undefined,
      wokenAt: 0,
      describedAt: now,
      described: undefined,
    };
    parked.set(namespace, entry);
    return entry;
  }

  function judge(namespace: string): void {
    const entry = parked.get(namespace);
    if (!entry) return;
    const snapshot = cluster.snapshot(namespace);
    const isDeadEnd = !isBlind(cluster) && findDeadEnd(entry.parking, snapshot) !== undefined;
    entry.deadEndAt = isDeadEnd ? (entry.deadEndAt ?? Date.now()) : undefined;
    const verdict = judgeParked(entry.parking, {
      snapshot,
      deadEndForMs: deadEndMs(namespace),
      deploymentsPosition: cluster.deploymentsPosition(),
      applicationsPosition: cluster.applicationsPosition(),
    });
    if (verdict.kind === 'resume') wake(namespace, entry);
    else if (verdict.detail !== undefined) describe(namespace, entry, blindSpot(cluster) ?? verdict.detail);
  }

  function deadEndMs(namespace: string): number {
    const since = parked.get(namespace)?.deadEndAt;
    return since === undefined ? 0 : Date.now() - since;
  }

  function wake(namespace: string, entry: Parked): void {
    const now = Date.now();
    if (now - entry.wokenAt < WAKE_AGAIN_MS) return;
    entry.wokenAt = now;
    attempt(promote(entry.parking.jobId), namespace, 'the parked run could not be woken');
  }

  async function promote(jobId: string): Promise<void> {
    await promoteIfDelayed(await queue.getJob(jobId));
  }

  function describe(namespace: string, entry: Parked, detail: string): void {
    const now = Date.now();
    if (detail === entry.described || now - entry.describedAt < DESCRIBE_EVERY_MS) return;
    entry.described = detail;
    entry.describedAt = now;
    const { generation } = entry.parking;
    attempt(state.describeParked(namespace, generation, detail), namespace, 'its reason is not published');
  }

  function attempt(act: Promise<unknown>, namespace: string, what: string): void {
    act.catch((error: unknown) => log.debug({ namespace, reason: messageOf(error) }, what));
  }

  async function sweep(): Promise<void> {
    const marks = await state.parked();
    for (const namespace of parked.keys()) if (!marks.has(namespace)) parked.delete(namespace);
    const unknown = [...marks.keys()].filter((namespace) => !parked.has(namespace));
    for (const [namespace, parking] of await state.parkings(unknown)) add(namespace, parking);
    for (const [namespace, entry] of parked) {
      if (marks.get(namespace)?.isMoved) wake(namespace, entry);
      else judge(namespace);
    }
  }

  function sweepOnce(): void {
    if (sweeping) return;
    sweeping = true;
    sweep()
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'parked runs cannot be read'))
      .finally(() => {
        sweeping = false;
      });
  }

  state.onRoom((jobId) => attempt(promote(jobId), jobId, 'a job that waits for room could not be woken'));
  const unsubscribe = cluster.onAnyChange(judge);
  const sweeper = setInterval(sweepOnce, sweepEveryMs);
  const clock = setInterval(() => {
    if (isBlind(cluster)) blindTotal += BLIND_CLOCK_MS;
  }, BLIND_CLOCK_MS);
  return {
    watch: async (namespace, parking) => {
      const entry = add(namespace, parking);
      if (await state.isParked(namespace, parking.generation)) judge(namespace);
      else wake(namespace, entry);
    },
    blindMs: (namespace) => blindTotal - (parked.get(namespace)?.blindBefore ?? blindTotal),
    deadEndMs,
    stop: () => {
      unsubscribe();
      clearInterval(sweeper);
      clearInterval(clock);
    },
  };
}
