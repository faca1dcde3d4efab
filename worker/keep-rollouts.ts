import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { decideSoon } from '../shared/decide-soon.ts';
import type { RolloutJob } from '../shared/queues.ts';
import type { RolloutPolicySource } from '../shared/rollout-policy-file.ts';
import type { RolloutControl } from '../shared/state/rollout-control.ts';

/** Timers of rollouts are this exact. */
const POLL_MS = 500;
/** Ends of targets that come together share a look. */
const GATHER_MS = 50;

/** Queues decisions about the rollouts that are due: at a time, or because a target has ended. */
export interface RolloutKeeper {
  /** A run has ended here. */
  kick(): void;
  stop(): void;
}

/** Every worker does this. What is due is in Redis, so nothing is lost if one dies. */
export function keepRollouts({
  queue,
  state,
  policy,
  log,
}: {
  readonly queue: Pick<Queue<RolloutJob>, 'add'>;
  readonly state: Pick<RolloutControl, 'dueRollouts' | 'openRollouts' | 'makeDue'>;
  /** Its windows and freezes decide about rollouts that run. */
  readonly policy: Pick<RolloutPolicySource, 'onChange'>;
  readonly log: Logger;
}): RolloutKeeper {
  let gathering: NodeJS.Timeout | undefined;
  const look = () => {
    gathering = undefined;
    state
      .dueRollouts()
      .then((ids) => decideSoon(queue, ids))
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'due rollouts could not be read'));
  };
  const timer = setInterval(look, POLL_MS);
  const unsubscribe = policy.onChange(() => {
    state
      .openRollouts()
      .then((ids) => state.makeDue(ids))
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'rollouts are decided later'));
  });
  return {
    kick: () => {
      gathering ??= setTimeout(look, GATHER_MS);
    },
    stop: () => {
      unsubscribe();
      clearInterval(timer);
      clearTimeout(gathering);
    },
  };
}
