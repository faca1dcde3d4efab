import type { JobsOptions } from 'bullmq';
import { inTime } from '../shared/network/in-time.ts';
import { pause } from '../shared/pause.ts';

/** For the queue's own commands. */
const EXTRA_MS = 1_000;

export interface Patience {
  readonly answerMs: number;
  readonly pollMs: number;
}

export interface Question<Data> {
  readonly name: string;
  readonly data: Data;
  readonly options?: JobsOptions;
}

/** What is used of BullMQ's queue. */
export interface AskedQueue<Data> {
  add(name: string, data: Data, options?: JobsOptions): Promise<{ readonly id?: string | undefined }>;
  getJob(id: string): Promise<AskedJob | undefined>;
  remove(id: string): Promise<number>;
}

interface AskedJob {
  readonly finishedOn?: number | undefined;
  readonly failedReason?: string | undefined;
  readonly returnvalue: unknown;
}

/** Undefined: no worker has answered in time. */
export type WorkerAnswer = { readonly value: unknown } | { readonly failed: string } | undefined;

/**
 * Lets a worker do what the API may not, and waits for the answer. By our own clock: while Redis hangs, a command of the
 * queue has no end.
 */
export function askWorker<Data>(
  queue: AskedQueue<Data>,
  question: Question<Data>,
  patience: Patience,
): Promise<WorkerAnswer> {
  return inTime({ timeoutMs: patience.answerMs + EXTRA_MS }, () => ask(queue, question, patience));
}

async function ask<Data>(
  queue: AskedQueue<Data>,
  { name, data, options }: Question<Data>,
  { answerMs, pollMs }: Patience,
): Promise<WorkerAnswer> {
  const { id = '' } = await queue.add(name, data, options);
  const deadline = Date.now() + answerMs;
  try {
    while (Date.now() < deadline) {
      await pause(pollMs);
      const job = await queue.getJob(id);
      if (job?.finishedOn === undefined) continue;
      return job.failedReason ? { failed: job.failedReason } : { value: job.returnvalue };
    }
    return undefined;
  } finally {
    // Nothing stays in Redis longer than it is needed; what a worker has in hand goes by its age.
    await queue.remove(id).catch(() => undefined);
  }
}
