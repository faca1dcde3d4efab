import type { Queue } from 'bullmq';
import { type NotificationJob, TEST_MESSAGE_JOB } from '../../shared/queues.ts';
import { readableDelivery } from './readable.ts';
import { WorkedQueueAdapter } from './worked-queue.ts';

/** Messages to receivers. Read-only: what is sent, and to whom, is in the file of receivers. */
export class NotificationQueueAdapter extends WorkedQueueAdapter {
  constructor(queue: Queue<NotificationJob>) {
    super(queue, {
      readOnlyMode: true,
      displayName: 'Notifications',
      description: [
        'One job per message and receiver.',
        'A message is tried again for about six hours; one that its receiver refuses fails at once.',
        'To test the receivers, use skipper notify test.',
      ].join(' '),
    });
    this.setFormatter('name', ({ name, data }: { name: string; data?: Partial<NotificationJob> }) =>
      data?.receiver === undefined ? name : `${data.receiver}: ${titleOf(name, data)}`,
    );
    this.setFormatter('returnValue', readableDelivery);
  }

  /** "Pause all" calls this, too, but means deploys. */
  override async pause(): Promise<void> {}
}

function titleOf(name: string, { message }: Partial<NotificationJob>): string {
  return name === TEST_MESSAGE_JOB ? 'test' : (message?.title ?? name);
}
