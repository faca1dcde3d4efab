import { Redis } from 'ioredis';
import { LEASE_MS } from '../../shared/lease-ms.ts';
import { auditPosition, readWrites } from '../audit.ts';
import type { ScenarioOptions } from '../scenarios.ts';
import { showSpread, spreadOf } from '../spread.ts';
import { until } from '../until.ts';
import { type BenchWorld, openWorld, VERSIONS } from '../world.ts';

const POLL_MS = 20;
/** The share of namespaces that is verified when Redis loses its data. */
const SHARE = 0.3;
const FLAGS = {
  concurrency: 100,
  'kube-api-qps': 0,
  'max-in-flight': 0,
  'state-config-map': 'default/skipper-state',
};
const AT_ONCE = {
  strategy: {
    type: 'Progressive',
    canary: 0,
    waves: ['100%'],
    maxConcurrency: '100%',
    minSuccessTime: '0s',
  },
};

interface Round {
  readonly rebuiltMs: number;
  readonly writtenTwice: readonly string[];
}

/** Redis loses its data in the middle of a rollout: how long until the state is whole again, and what is written twice. */
export async function measureRedisLoss({ rounds, namespaces = 1_000 }: ScenarioOptions): Promise<void> {
  const world = await openWorld({ namespaces });
  const all: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    world.channels.publish('stable', VERSIONS[(round + 1) % 2] ?? VERSIONS[0]);
    const measured = await loseOnce(world, namespaces);
    all.push(measured);
    console.log(
      `round ${round + 1}: rebuilt after ${measured.rebuiltMs} ms, written twice: ${measured.writtenTwice.join(', ') || 'nothing'}`,
    );
  }
  await world.close();
  const times = spreadOf(all.map(({ rebuiltMs }) => rebuiltMs / 1_000));
  const ratios = spreadOf(all.map(({ rebuiltMs }) => rebuiltMs / LEASE_MS));
  console.log(`from the loss until the state is whole: ${showSpread(times)} s (wanted: <= 15 s)`);
  // A worker from before can write until then, so no rebuild can be faster.
  console.log(`times as long as the leases from before last: ${showSpread(ratios)}`);
  console.log(`written twice: ${all.flatMap(({ writtenTwice }) => writtenTwice).length} (wanted: 0)`);
}

async function loseOnce(world: BenchWorld, namespaces: number): Promise<Round> {
  const { auditLogPath } = world.controlPlane;
  const product = await world.startProduct({ workers: 2, flags: FLAGS });
  const since = await auditPosition(auditLogPath);
  const id = await product.request(AT_ONCE);
  const completed = async () => (await product.rollout(id)).counts?.completed ?? 0;
  await until(async () => (await completed()) >= namespaces * SHARE, POLL_MS);
  const rebuiltMs = await untilRebuilt(world.redisUrl);
  await until(async () => (await product.rollout(id)).state === 'completed');
  const writes = await readWrites(auditLogPath, since);
  await product.stop();
  const writtenTwice = [...writes].flatMap(([name, own]) =>
    own.filter(({ code = 500 }) => code < 300).length > 1 ? [name] : [],
  );
  return { rebuiltMs, writtenTwice };
}

async function untilRebuilt(redisUrl: string): Promise<number> {
  const redis = new Redis(redisUrl);
  await redis.flushall();
  const lostAt = Date.now();
  await until(async () => (await redis.exists('{skipper}:epoch')) === 1, POLL_MS);
  redis.disconnect();
  return Date.now() - lostAt;
}
