import type { RunPhase } from '../domain/rollout/phase.ts';

/** A new phase is published when it has lasted this long. */
const PHASE_AFTER_MS = 500;
/** Details within a phase are published at most this often. */
const DETAIL_AFTER_MS = 2_000;

export interface Progress {
  readonly phase: RunPhase;
  readonly detail: string;
}

/** Throttles progress: skips phases that end before they would be published; in a fast fleet most do. */
export interface ProgressPublisher {
  update(progress: Progress): void;
  /** Drops unpublished progress; a later update is published again. */
  stop(): void;
}

export function createProgressPublisher(
  publish: (progress: Progress, isNewPhase: boolean) => void,
): ProgressPublisher {
  let lastPublished: Progress | undefined;
  let latest: Progress | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isTimedForDetail = false;

  function publishLatest(): void {
    timer = undefined;
    if (latest === undefined || isSame(latest, lastPublished)) return;
    const isNewPhase = latest.phase !== lastPublished?.phase;
    lastPublished = latest;
    publish(latest, isNewPhase);
  }

  function stop(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  return {
    stop,
    update: (progress) => {
      latest = progress;
      const isNewPhase = progress.phase !== lastPublished?.phase;
      // A new phase does not wait for the next detail of the one before it.
      if (isNewPhase && isTimedForDetail) stop();
      if (timer !== undefined) return;
      isTimedForDetail = !isNewPhase;
      timer = setTimeout(publishLatest, isNewPhase ? PHASE_AFTER_MS : DETAIL_AFTER_MS);
    },
  };
}

function isSame(one: Progress, other: Progress | undefined): boolean {
  return one.phase === other?.phase && one.detail === other.detail;
}
