import type { Delays } from '../fdd/delays.ts';

/**
 * The old FDD never lives to report SUCCESS itself: on a busy machine its second would be over before it is replaced.
 * And a container is not ready at once, or one that crashes would pass for ready for a moment.
 */
export const PROMPT_DELAYS: Partial<Delays> = { successAfterDeploymentMs: 15_000, readyMs: 20 };

/** Slow enough to be watched; a script that waits for the end does not want to watch. */
export const WATCHABLE_DELAYS: Partial<Delays> = {
  ...PROMPT_DELAYS,
  startMs: 400,
  readyMs: 1_500,
  fddStepMs: 100,
};
