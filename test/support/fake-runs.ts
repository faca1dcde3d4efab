import type { Job } from 'bullmq';
import type { Parking } from '../../domain/deploy/parking.ts';
import type { Attempt } from '../../domain/rollout/attempt.ts';
import type { RolloutTarget } from '../../domain/rollout/rollout.ts';
import type { DeployJob } from '../../shared/queues.ts';
import type { AttemptEnding } from '../../shared/state/history.ts';
import type { Begin, ParkedFields, Run } from '../../shared/state/runs.ts';
import { InterruptedError } from '../../worker/interrupted-error.ts';
import type { Leases } from '../../worker/leases.ts';
import type { ProcessDependencies } from '../../worker/open-attempt.ts';
import type { Pace } from '../../worker/pace-requests.ts';
import { aRelease, NAMESPACE, ROLLOUT } from './builders.ts';

export function aRun(overrides: Partial<Run> = {}): Run {
  return {
    token: 'token',
    generation: 1,
    rolloutId: ROLLOUT,
    trigger: 'api',
    requestedBy: 'test',
    releaseKey: 'release-1',
    release: aRelease(),
    forceBootstrap: false,
    isUrgent: false,
    attempt: 1,
    throttled: 0,
    lost: 0,
    coalesced: false,
    startedAt: 1_700_000_000_000,
    appliedAt: undefined,
    ...overrides,
  };
}

/** Lets every request through at once, or none. */
export function createFakePace({ isOpen = true } = {}): Pace {
  return {
    enter: async ({ signal, check }) => {
      if (isOpen) return check();
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
    left: () => undefined,
  };
}

/** One call that ended an attempt: `report` or `finish`. */
export interface FakeEnd {
  readonly fields?: Readonly<Record<string, string | number>>;
  readonly target: RolloutTarget | undefined;
  readonly attempt: Attempt | undefined;
}

export interface FakeRunsOptions {
  /** The runs to hand out, one after the other; then the state is idle. */
  readonly runs: readonly Run[];
  /** Whether more was requested during each run. */
  readonly isMoved?: boolean;
  /** The error of every report and end. */
  readonly refusal?: Error;
}

/** The part of the desired state that a run writes; it records every call. */
export function createFakeRuns({ runs, isMoved = false, refusal }: FakeRunsOptions) {
  const left = [...runs];
  const reports: FakeEnd[] = [];
  const ends: FakeEnd[] = [];
  const released: string[] = [];
  const parkings: Parking[] = [];

  function note(calls: FakeEnd[], end: FakeEnd): boolean {
    calls.push(end);
    if (refusal) throw refusal;
    return isMoved;
  }

  const state: ProcessDependencies['state'] = {
    begin: async (): Promise<Begin> => {
      const run = left.shift();
      return run ? { kind: 'run', run } : { kind: 'idle' };
    },
    report: async (
      _namespace: string,
      _run: Run,
      fields: Readonly<Record<string, string | number>>,
      target?: RolloutTarget,
      ending?: AttemptEnding,
    ) => note(reports, { fields, target, attempt: ending?.attempt }),
    finish: async (_namespace: string, _run: Run, target: RolloutTarget, ending?: AttemptEnding) =>
      note(ends, { target, attempt: ending?.attempt }),
    park: async (_namespace: string, _run: Run, { parking }: ParkedFields) => {
      if (!isMoved) parkings.push(parking);
      return isMoved;
    },
    publicationIn: async () => ({ publishedAt: undefined, previousPublishedAt: undefined, isKnown: false }),
    releaseLease: async (_namespace: string, token: string) => {
      released.push(token);
    },
  };
  return { state, reports, ends, released, parkings };
}

/** Leases that are lost when the test decides. */
export function createFakeLeases() {
  const lost = new AbortController();
  const interrupted = new AbortController();
  const held: string[] = [];
  const leases: Leases = {
    hold: (_namespace, token) => {
      held.push(token);
      return {
        signal: lost.signal,
        interrupted: interrupted.signal,
        assertOurs: () => lost.signal.throwIfAborted(),
        end: () => void held.splice(held.indexOf(token), 1),
      };
    },
    stop: () => undefined,
  };
  return {
    leases,
    held,
    lose: (reason: Error) => lost.abort(reason),
    interrupt: () => interrupted.abort(new InterruptedError('moved')),
  };
}

/** A job that records its delays and log lines. */
export function createFakeJob() {
  const delayedTo: number[] = [];
  const log: string[] = [];
  const job = {
    id: `${NAMESPACE}.1`,
    data: { namespace: NAMESPACE },
    log: async (line: string) => void log.push(line),
    updateProgress: async () => undefined,
    changePriority: async () => undefined,
    moveToDelayed: async (at: number) => void delayedTo.push(at),
  } as unknown as Job<DeployJob>;
  return { job, delayedTo, log };
}
