import { v7 as uuid } from 'uuid';
import { messageOf, SkipperError } from '../domain/errors.ts';
import { describeTitle } from '../domain/notify/describe-title.ts';
import { isSilenced } from '../domain/notify/is-silenced.ts';
import type { Message } from '../domain/notify/message.ts';
import type { NotificationTest, ReceiverList } from '../domain/notify/receiver-view.ts';
import type { Core } from '../shared/core.ts';
import { TEST_MESSAGE_JOB } from '../shared/queues.ts';
import { isReady } from '../shared/redis.ts';
import { askWorker, type Patience } from './ask-worker.ts';

/** Longer than a worker waits for the receiver. */
const PATIENCE: Patience = { answerMs: 14_000, pollMs: 100 };

/** The receivers of notifications, to which only workers send. */
export interface Receivers {
  list(): Promise<ReceiverList>;
  /** Sends a test message to one, or to all, and waits for the results. */
  test(options: { readonly receiver?: string | undefined; readonly by: string }): Promise<NotificationTest>;
}

type ReceiversCore = Pick<Core, 'notificationQueue' | 'receivers' | 'state' | 'redis'>;

export function openReceivers(core: ReceiversCore, patience = PATIENCE): Receivers {
  const { receivers, state } = core;
  return {
    list: async () => {
      const configured = receivers.current().receivers;
      const health = await state.receiverHealth(configured.map(({ name }) => name));
      const now = Date.now();
      const problem = receivers.problem();
      return {
        receivers: configured.map((receiver) => ({
          name: receiver.name,
          type: receiver.type,
          events: receiver.events,
          isSigned: receiver.secretFile !== undefined,
          isSilenced: isSilenced(receiver, now),
          ...health.get(receiver.name),
        })),
        ...(problem !== undefined && { problem }),
      };
    },
    test: async ({ receiver, by }) => {
      if (!isReady(core.redis)) throw new SkipperError('redis_unavailable', 'Redis is not connected');
      const names = namesOf(core, receiver);
      const message = testMessage(by);
      return { results: await Promise.all(names.map((name) => testOne(core, { name, message, patience }))) };
    },
  };
}

function namesOf({ receivers }: ReceiversCore, receiver: string | undefined): string[] {
  const names = receivers.current().receivers.map(({ name }) => name);
  if (names.length === 0) {
    throw new SkipperError('not_found', 'there are no receivers: name them in the file of --notifications');
  }
  if (receiver === undefined) return names;
  if (names.includes(receiver)) return [receiver];
  throw new SkipperError('not_found', `receiver "${receiver}" does not exist: there are ${names.join(', ')}`);
}

function testMessage(by: string): Message {
  return {
    id: `test_${uuid()}`,
    event: 'test',
    at: Date.now(),
    title: describeTitle('test', { items: [], count: 0, isOver: false }),
    items: [{ reason: 'notifications reach you here', namespaces: [], count: 0, by }],
    moreItems: 0,
    path: '/status',
  };
}

async function testOne(
  { notificationQueue }: ReceiversCore,
  { name, message, patience }: { name: string; message: Message; patience: Patience },
): Promise<NotificationTest['results'][number]> {
  const question = {
    name: TEST_MESSAGE_JOB,
    data: { receiver: name, message },
    // Somebody waits: before all others, and once.
    options: { attempts: 1, lifo: true },
  };
  try {
    const answer = await askWorker(notificationQueue, question, patience);
    if (answer === undefined) {
      const error = `no worker has sent it within ${patience.answerMs / 1000} s: is one running, and connected to Redis?`;
      return { receiver: name, delivered: false, error };
    }
    if ('failed' in answer) return { receiver: name, delivered: false, error: answer.failed };
    return { receiver: name, delivered: true };
  } catch (error) {
    return { receiver: name, delivered: false, error: `Redis does not answer: ${messageOf(error)}` };
  }
}
