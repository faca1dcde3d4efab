import type { Job, Queue } from 'bullmq';
import * as z from 'zod';
import { messageOf } from '../domain/errors.ts';
import { ContainerLog } from '../domain/explain/namespace-logs.ts';
import { inTime } from '../shared/network/in-time.ts';
import { pause } from '../shared/pause.ts';
import type { LogJob } from '../shared/queues.ts';
import { HttpProblem } from './problem.ts';

const POLL_MS = 100;
/** Longer than a worker reads. */
const ANSWER_MS = 8_000;
/** For the queue's own commands. */
const EXTRA_MS = 1_000;
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

interface Patience {
  readonly answerMs: number;
  readonly pollMs: number;
}

/** By our own clock: while Redis hangs, a command of the queue has no end. */
async function askInTime(queue: Queue<LogJob>, namespace: string, patience: Patience) {
  try {
    return await inTime({ timeoutMs: patience.answerMs + EXTRA_MS }, () => ask(queue, namespace, patience));
  } catch (error) {
    throw error instanceof HttpProblem ? error : unavailable(`Redis does not answer: ${messageOf(error)}`);
  }
}

async function ask(queue: Queue<LogJob>, namespace: string, patience: Patience) {
  const job = await queue.add('read', { namespace });
  const deadline = Date.now() + patience.answerMs;
  try {
    while (Date.now() < deadline) {
      await pause(patience.pollMs);
      const answered = await answerOf(queue, job);
      if (answered) return answered;
    }
    throw unavailable(
      `no worker has read the logs within ${patience.answerMs / 1000} s: is one running, and connected to Redis?`,
    );
  } finally {
    // Logs stay in Redis no longer than they are needed; one that a worker has in hand goes by its age.
    await queue.remove(job.id ?? '').catch(() => undefined);
  }
}

const Answer = z.array(ContainerLog);

async function answerOf(
  queue: Queue<LogJob>,
  { id = '' }: Job<LogJob>,
): Promise<readonly ContainerLog[] | undefined> {
  const job = await queue.getJob(id);
  if (job?.finishedOn === undefined) return undefined;
  if (job.failedReason) throw unavailable(job.failedReason);
  return Answer.parse(job.returnvalue);
}

function unavailable(detail: string): HttpProblem {
  return new HttpProblem(503, 'logs_unavailable', detail, { headers: { 'retry-after': '2' } });
}
