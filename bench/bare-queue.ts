import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { DEPLOY_QUEUE, deployJobOptions, openDeployQueue } from '../shared/queues.ts';

const PREFIX = '{bare}';
const PRIORITY = 10;

/** What BullMQ alone does for as many jobs, with the options of the deploy queue and a processor that does nothing. */
export async function runBareQueue(
  redisUrl: string,
  namespaces: readonly string[],
  concurrency: number,
): Promise<void> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = openDeployQueue({ connection, prefix: PREFIX, telemetry: undefined });
  const worker = new Worker(DEPLOY_QUEUE, async () => undefined, { connection, prefix: PREFIX, concurrency });
  const done = new Promise<void>((resolve) => {
    let open = namespaces.length;
    worker.on('completed', () => {
      open -= 1;
      if (open === 0) resolve();
    });
  });
  await worker.waitUntilReady();
  await queue.addBulk(
    namespaces.map((namespace) => ({
      name: namespace,
      data: { namespace },
      opts: deployJobOptions(namespace, `bare-${namespace}`, PRIORITY),
    })),
  );
  await done;
  await worker.close();
  await queue.close();
  connection.disconnect();
}
