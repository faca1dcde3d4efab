import type { Delays } from '../fdd/delays.ts';

/**
 * As in a real cluster, the old FDD reports SUCCESS before its successor starts, and a container is not ready at once:
 * otherwise a crashing one would be ready for a moment.
 */
export const PROMPT_DELAYS: Partial<Delays> = { successAfterDeploymentMs: 100, startMs: 400, readyMs: 20 };

/** Slow enough to be watched; a script that waits for the end does not want to watch. */
export const WATCHABLE_DELAYS: Partial<Delays> = {
  ...PROMPT_DELAYS,
  readyMs: 1_500,
  fddStepMs: 100,
};
