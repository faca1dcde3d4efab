import type { Attempt, AttemptEnd, AttemptStep, LastBootstrap } from '../domain/rollout/attempt.ts';
import { startAttemptClock } from '../domain/rollout/attempt-clock.ts';
import type { AttemptEnding } from '../shared/state/history.ts';
import type { Run } from '../shared/state/runs.ts';
import { recordOutcome } from '../shared/telemetry/spans.ts';

export type AttemptResult = Pick<Attempt, 'outcome' | 'code' | 'reason' | 'symptoms' | 'retryDelayMs'> & {
  readonly details?: readonly string[];
};

/** Records an attempt for the history: its steps, its bootstrap pod, and how it ended. */
export interface AttemptRecorder {
  /** Starts a step, which lasts until the next one. */
  begin(kind: string, text: string): void;
  /** The steps so far. */
  steps(): readonly AttemptStep[];
  keepBootstrap(bootstrap: LastBootstrap): void;
  /** Ends the attempt, and returns it. */
  ending(end: AttemptEnd, result: AttemptResult): AttemptEnding;
}

export function startAttemptRecorder(run: Run, jobId: string): AttemptRecorder {
  const startedAt = run.resumed?.startedAt ?? Date.now();
  const clock = startAttemptClock(startedAt, Date.now, run.resumed?.steps);
  let bootstrap: LastBootstrap | undefined;
  return {
    begin: clock.begin,
    steps: clock.steps,
    keepBootstrap: (details) => {
      bootstrap = details;
    },
    ending: (end, { details = [], ...result }) => {
      const { code, reason } = result;
      recordOutcome(result.outcome ?? end, code === undefined ? undefined : { code, reason });
      return {
        bootstrap,
        attempt: {
          rolloutId: run.rolloutId,
          generation: run.generation,
          attempt: run.attempt,
          jobId,
          trigger: run.trigger,
          requestedBy: run.requestedBy,
          version: run.release.version,
          startedAt,
          endedAt: Date.now(),
          end,
          details,
          steps: clock.steps(),
          times: 1,
          firstStartedAt: startedAt,
          ...result,
        },
      };
    },
  };
}
