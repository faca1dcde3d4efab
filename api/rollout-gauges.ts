import { messageOf } from '../domain/errors.ts';
import { isOpen, TARGET_STATES } from '../domain/rollout/rollout.ts';
import type { Core } from '../shared/core.ts';

const OPEN_STATES = TARGET_STATES.filter(isOpen);

/** Sets the gauges of the rollouts that have not ended, at each scrape. Without Redis, nothing is known about them. */
export async function refreshRolloutGauges({
  state,
  metrics,
  log,
}: Pick<Core, 'state' | 'metrics' | 'log'>): Promise<void> {
  try {
    const rollouts = await state.openStates();
    for (const each of OPEN_STATES) {
      metrics.rollouts.set({ state: each }, rollouts.filter(({ state }) => state === each).length);
    }
    const paused = rollouts.flatMap(({ state, changedAt }) => (state === 'paused' ? [changedAt] : []));
    const oldest = paused.reduce((a, b) => Math.min(a, b), Date.now());
    metrics.rolloutPaused.set(Math.max(0, Date.now() - oldest) / 1000);
  } catch (error) {
    metrics.rollouts.reset();
    metrics.rolloutPaused.remove();
    log.debug({ reason: messageOf(error) }, 'the states of rollouts could not be read');
  }
}
