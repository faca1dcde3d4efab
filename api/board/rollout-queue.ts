import type { Job, Queue } from 'bullmq';
import type { RolloutJob } from '../../shared/queues.ts';
import { linkTo } from './links.ts';
import { readableDecision } from './readable.ts';
import { type BoardJob, WorkedQueueAdapter } from './worked-queue.ts';

/** Decisions about rollouts. Read-only: a rollout is changed on its own page, with a reason. */
export class RolloutQueueAdapter extends WorkedQueueAdapter {
  constructor(queue: Queue<RolloutJob>) {
    super(queue, {
      readOnlyMode: true,
      displayName: 'Rollouts',
      description: [
        'One job per decision about a rollout: admit targets, pause, or end it.',
        'Workers decide again when a target ends, when a time comes, and when an operator gives a command.',
        'To pause, resume, cancel or roll back a rollout, open its page.',
      ].join(' '),
      externalJobUrl: ({ data }) => ({
        href: linkTo(`/rollouts/${encodeURIComponent(data.rolloutId)}`),
        displayText: 'The page of this rollout',
      }),
    });
    this.setFormatter('name', (job: { name: string; data?: Partial<RolloutJob> }) =>
      String(job.data?.rolloutId ?? job.name),
    );
    this.setFormatter('returnValue', readableDecision);
  }

  protected override guard(job: Job<RolloutJob>): BoardJob {
    const toJSON = job.toJSON.bind(job);
    // Always the rollout: on every card it would only be noise.
    job.toJSON = () => ({ ...toJSON(), deduplicationId: undefined });
    return super.guard(job);
  }

  /** "Pause all" calls this, too, but means deploys: a paused rollout is another matter. */
  override async pause(): Promise<void> {}
}
