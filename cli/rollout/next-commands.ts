import { nextWave } from '../../domain/rollout/next-wave.ts';
import { isOpen } from '../../domain/rollout/rollout.ts';
import type { RolloutView, TargetView } from '../../domain/rollout/rollout-view.ts';

/** A command that fits the state of a rollout, and what it does. */
export interface NextCommand {
  readonly command: string;
  readonly effect: string;
}

type Known = Pick<RolloutView, 'id' | 'state' | 'strategy' | 'targets' | 'approvedWave'>;

const REASON = '--reason "…"';

export function nextCommands(rollout: Known): NextCommand[] {
  const { id, state, targets } = rollout;
  const of = (verb: string, effect: string, names = '') => ({
    command: `skipper rollout ${verb} ${id}${names} ${REASON}`,
    effect,
  });
  const isPaused = state === 'paused';
  const isRunning = isOpen(state) && !isPaused;
  // A target without a wave was refused: it has no release.
  const hasFailed = targets.some((target) => target.state === 'failed' && target.wave !== undefined);
  const canRetry = hasFailed && state !== 'cancelled' && state !== 'superseded';
  const hasWritten = targets.some(({ admittedAt }) => admittedAt !== undefined);
  return [
    ...(isRunning ? [{ command: `skipper rollout watch ${id}`, effect: 'follow it' }] : []),
    ...(awaitsApproval(rollout) ? [of('approve', 'let the next wave begin')] : []),
    ...(isRunning ? [of('pause', 'admit nothing more for now')] : []),
    ...(hasWritten && !isRunning
      ? [
          {
            command: `skipper rollback ${id} ${REASON}`,
            effect: 'return to the earlier releases, with holds',
          },
        ]
      : []),
    ...(canRetry ? [of('retry', 'retry what failed, with the same release')] : []),
    ...(isPaused ? [of('resume', 'continue; failures until now do not count')] : []),
    ...(isPaused ? [of('skip', 'leave a namespace out', ' NAMESPACE')] : []),
    ...(isOpen(state) ? [of('cancel', 'end it; what has begun ends as usual')] : []),
  ];
}

/** True while the next wave is not approved: an approval is possible before the wave before it has ended. */
export function awaitsApproval(rollout: Known): boolean {
  const { state, strategy, approvedWave = 0 } = rollout;
  if (!strategy?.approval || !isOpen(state) || state === 'paused') return false;
  const next = nextWave(rollout.targets.map((target) => ({ ...target, wave: target.wave ?? 0 })));
  return next < strategy.waves.length && next > approvedWave;
}

/** True if only an approval is missing: everything that was admitted has ended. */
export function standsStill(rollout: Known): boolean {
  const isInProgress = ({ state, admittedAt }: TargetView) => isOpen(state) && admittedAt !== undefined;
  return awaitsApproval(rollout) && !rollout.targets.some(isInProgress);
}
