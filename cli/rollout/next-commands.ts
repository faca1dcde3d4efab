import { isOpen } from '../../domain/rollout/rollout.ts';
import type { RolloutHead } from '../../domain/rollout/rollout-view.ts';

/** A command that fits the state of a rollout, and what it does. */
export interface NextCommand {
  readonly command: string;
  readonly effect: string;
}

type Known = Pick<RolloutHead, 'id' | 'state' | 'counts' | 'strategy' | 'waves' | 'approvedWave'>;

const REASON = '--reason "…"';

export function nextCommands(rollout: Known): NextCommand[] {
  const { id, state, counts } = rollout;
  const of = (verb: string, effect: string, names = '') => ({
    command: `skipper rollout ${verb} ${id}${names} ${REASON}`,
    effect,
  });
  const isPaused = state === 'paused';
  const isRunning = isOpen(state) && !isPaused;
  const canRetry = counts.failed > 0 && state !== 'cancelled' && state !== 'superseded';
  const hasWritten = counts.running + counts.completed + counts.failed > 0;
  return [
    ...(isRunning ? [{ command: `skipper rollout watch ${id}`, effect: 'follow it' }] : []),
    ...(awaitsApproval(rollout) ? [of('approve', 'let the next wave begin')] : []),
    ...(canRetry ? [of('retry', 'retry what failed, with the same release')] : []),
    ...(isPaused ? [of('resume', 'continue; failures until now do not count')] : []),
    ...(isRunning ? [of('pause', 'admit nothing more for now')] : []),
    ...(isPaused ? [of('skip', 'leave a namespace out', ' NAMESPACE')] : []),
    ...(isOpen(state) ? [of('cancel', 'end it; what has begun ends as usual')] : []),
    ...(hasWritten && !isRunning
      ? [{ command: `skipper rollback ${id} ${REASON}`, effect: 'return to the earlier releases' }]
      : []),
  ];
}

/** True while the next wave is not approved: an approval is possible before the wave before it has ended. */
export function awaitsApproval({ state, strategy, waves = [], approvedWave = 0 }: Known): boolean {
  if (!strategy?.approval || !isOpen(state) || state === 'paused') return false;
  const total = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);
  const next = waves.findLastIndex(({ counts }) => counts.pending < total(counts)) + 1;
  return next < waves.length && next > approvedWave;
}
