import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { decideSoon } from '../shared/decide-soon.ts';
import type { RolloutJob } from '../shared/queues.ts';
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
  log,
}: {
  readonly queue: Pick<Queue<RolloutJob>, 'add'>;
  readonly state: Pick<RolloutControl, 'dueRollouts'>;
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
  return {
    kick: () => {
      gathering ??= setTimeout(look, GATHER_MS);
    },
    stop: () => {
      clearInterval(timer);
      clearTimeout(gathering);
    },
  };
}
