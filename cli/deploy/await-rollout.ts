import type { ApiClient } from '../../client/api-client.ts';
import { ApiError } from '../../client/api-error.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { oneLine } from '../text/lines.ts';
import { isOver, isStopped } from './rollout-progress.ts';

/** The result of a wait: the rollout has ended or is paused, or the timeout has passed. */
export interface Waited {
  /** Its last known state; undefined if the API never answered. */
  readonly rollout: RolloutView | undefined;
  readonly isEnded: boolean;
  /** It does not continue automatically. */
  readonly isStopped?: boolean;
}

export interface WaitOptions {
  /** Milliseconds since the epoch; undefined waits indefinitely. */
  readonly deadline: number | undefined;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly onSeen: (rollout: RolloutView) => void;
  readonly onLost: (reason: string) => void;
  readonly onBack: () => void;
}

const AT_LEAST_MS = 500;
const AT_MOST_MS = 5_000;
/** Wait this many times as long as the API took to answer: 10,000 targets are megabytes. */
const SHARE = 10;

/** Polls a rollout until no target has work left, or it is paused. If the API does not answer, it retries until the deadline. */
export async function awaitRollout(client: ApiClient, id: string, options: WaitOptions): Promise<Waited> {
  const { deadline, now, pause, onSeen, onLost, onBack } = options;
  let rollout: RolloutView | undefined;
  let isLost = false;
  for (;;) {
    const requestedAt = now();
    try {
      rollout = await client.rollout(id);
      if (isLost) onBack();
      isLost = false;
      onSeen(rollout);
      if (isOver(rollout)) return { rollout, isEnded: true };
      if (isStopped(rollout)) return { rollout, isEnded: false, isStopped: true };
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isPassing) throw error;
      if (!isLost) onLost(oneLine(error.message));
      isLost = true;
    }
    const left = deadline === undefined ? Number.POSITIVE_INFINITY : deadline - now();
    if (left <= 0) return { rollout, isEnded: false };
    const interval = Math.min(AT_MOST_MS, Math.max(AT_LEAST_MS, SHARE * (now() - requestedAt)));
    await pause(Math.min(left, interval));
  }
}
