import type { Queue } from 'bullmq';
import * as z from 'zod';
import { messageOf } from '../domain/errors.ts';
import { ContainerLog } from '../domain/explain/namespace-logs.ts';
import type { LogJob } from '../shared/queues.ts';
import { askWorker, type Patience } from './ask-worker.ts';
import { HttpProblem } from './problem.ts';

const POLL_MS = 100;
/** Longer than a worker reads. */
const ANSWER_MS = 8_000;
const MAX_WAITING = 10;
const BUSY = `the logs of ${MAX_WAITING} namespaces are being read already`;

/** Logs of containers, which only a worker may read. */
export interface PodLogs {
  /** Throws a 503 problem if no worker answers in time. */
  read(namespace: string): Promise<readonly ContainerLog[]>;
}

/** Why a worker reads them: docs/decisions/0012. */
export function openPodLogs(
  queue: Queue<LogJob>,
  isConnected: () => boolean,
  { answerMs = ANSWER_MS, pollMs = POLL_MS } = {},
): PodLogs {
  const waiting = new Map<string, Promise<readonly ContainerLog[]>>();
  return {
    read: (namespace) => {
      const same = waiting.get(namespace);
      if (same) return same;
      if (waiting.size >= MAX_WAITING) return Promise.reject(unavailable(BUSY));
      // While Redis is unreachable, the queue would wait for it.
      if (!isConnected()) return Promise.reject(unavailable('Redis is not connected'));
      const started = askInTime(queue, namespace, { answerMs, pollMs }).finally(() =>
        waiting.delete(namespace),
      );
      waiting.set(namespace, started);
      return started;
    },
  };
}

/** Logs stay in Redis no longer than they are needed. */
async function askInTime(queue: Queue<LogJob>, namespace: string, patience: Patience) {
  const answer = await askWorker(queue, { name: 'read', data: { namespace } }, patience).catch(
    (error: unknown) => {
      throw unavailable(`Redis does not answer: ${messageOf(error)}`);
    },
  );
  if (answer === undefined) {
    throw unavailable(
      `no worker has read the logs within ${patience.answerMs / 1000} s: is one running, and connected to Redis?`,
    );
  }
  if ('failed' in answer) throw unavailable(answer.failed);
  return Answer.parse(answer.value);
}

const Answer = z.array(ContainerLog);

function unavailable(detail: string): HttpProblem {
  return new HttpProblem(503, 'logs_unavailable', detail, { headers: { 'retry-after': '2' } });
}
