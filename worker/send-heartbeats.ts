import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import type { WorkerHeartbeats } from '../shared/state/worker-heartbeats.ts';

const BEAT_EVERY_MS = 4_000;

/** Reports that this worker is alive, for as long as its event loop turns and Redis answers it. */
export function sendHeartbeats(
  state: Pick<WorkerHeartbeats, 'saveHeartbeat'>,
  log: Logger,
): { stop(): void } {
  const worker = randomUUID();
  const beat = () => {
    state
      .saveHeartbeat(worker, Date.now())
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'the heartbeat was not saved'));
  };
  beat();
  const timer = setInterval(beat, BEAT_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
