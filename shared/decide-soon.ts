import type { Queue } from 'bullmq';
import { type RolloutJob, rolloutJobOptions } from './queues.ts';

/** Makes sure that each of these rollouts has a job that decides about it. */
export async function decideSoon(
  queue: Pick<Queue<RolloutJob>, 'add'>,
  rolloutIds: readonly string[],
): Promise<void> {
  await Promise.all(
    rolloutIds.map((rolloutId) => queue.add(rolloutId, { rolloutId }, rolloutJobOptions(rolloutId))),
  );
}
