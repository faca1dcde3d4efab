import { ok } from '../../domain/release/result.ts';
import { planWaves } from '../../domain/rollout/plan-waves.ts';
import { Strategy } from '../../domain/rollout/strategy.ts';
import { connectRedis, KEY_PREFIX, type RedisConnection, untilReady } from '../../shared/redis.ts';
import { type DesiredState, openDesiredState } from '../../shared/state/desired-state.ts';
import { startRedisServer } from '../../simulator/demo/redis-server.ts';
import {
  aConfig,
  aRedisAddress,
  aRelease,
  aRollout,
  aSnapshot,
  silentLog,
} from '../../test/support/builders.ts';
import { openEpoch } from '../../test/support/open-epoch.ts';
import { type DecideDependencies, decideRolloutJob } from '../../worker/decide-rollout-job.ts';
import { benchNames } from '../bench-names.ts';
import type { ScenarioOptions } from '../scenarios.ts';
import { showSpread, spreadOf } from '../spread.ts';

const ID = 'bench';
const STRATEGY = Strategy.parse({ type: 'Progressive', canary: 0, waves: ['100%'], maxConcurrency: 50 });
const DECISIONS = 20;

/** What one decision about a large rollout costs this process and Redis; no cluster is needed for that. */
export async function measureDecisions({ rounds, namespaces = 10_000 }: ScenarioOptions): Promise<void> {
  const server = await startRedisServer({ path: process.env.PATH });
  const redis = connectRedis(aRedisAddress(server.url), silentLog);
  await untilReady(redis, AbortSignal.timeout(10_000));
  const state = openDesiredState(redis);
  await openEpoch(redis, KEY_PREFIX);
  await requestRollout(state, benchNames(namespaces));
  const dependencies = dependenciesOf(state);
  await decideRolloutJob(ID, dependencies);
  const costs: Cost[] = [];
  for (let round = 0; round < rounds; round += 1) costs.push(await costOf(redis, dependencies));
  redis.disconnect();
  await server.stop();
  const show = (pick: (cost: Cost) => number) => showSpread(spreadOf(costs.map(pick)));
  console.log(`one decision about ${namespaces} targets, mean of ${DECISIONS}:`);
  console.log(`  duration ${show(({ ms }) => ms)} ms, processor time ${show(({ cpuMs }) => cpuMs)} ms`);
  console.log(
    `  Redis: processor time ${show(({ redisMs }) => redisMs)} ms, sent ${show(({ kib }) => kib)} KiB`,
  );
}

async function requestRollout(state: DesiredState, names: readonly string[]): Promise<void> {
  const { strategy, targets } = planWaves(
    names.map((namespace) => ({ namespace })),
    STRATEGY,
  );
  const release = aRelease();
  await state.request({
    rollout: aRollout({ id: ID, createdAt: Date.now(), strategy }),
    targets: names.map((namespace) => ({
      namespace,
      release,
      target: { state: 'pending', version: release.version },
    })),
    waves: new Map(targets.map((target) => [target.namespace, target])),
  });
}

/** A cluster in which nothing changes. */
function dependenciesOf(state: DesiredState): DecideDependencies {
  const snapshot = (namespace: string) => aSnapshot({ namespace, config: ok(aConfig({ namespace })) });
  return {
    state,
    cluster: { snapshot, watches: () => [] },
    client: { get: async () => undefined },
    jobs: { enqueue: async () => undefined, has: async () => true },
    policy: { current: () => ({}) },
    log: silentLog,
  };
}

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
  readonly redisMs: number;
  readonly kib: number;
}

async function costOf(redis: RedisConnection, dependencies: DecideDependencies): Promise<Cost> {
  const before = await readUsage(redis);
  const began = performance.now();
  const cpu = process.cpuUsage();
  for (let count = 0; count < DECISIONS; count += 1) await decideRolloutJob(ID, dependencies);
  const { user, system } = process.cpuUsage(cpu);
  const ms = performance.now() - began;
  const after = await readUsage(redis);
  return {
    ms: ms / DECISIONS,
    cpuMs: (user + system) / 1_000 / DECISIONS,
    redisMs: (after.cpuMs - before.cpuMs) / DECISIONS,
    kib: (after.bytes - before.bytes) / 1_024 / DECISIONS,
  };
}

async function readUsage(
  redis: RedisConnection,
): Promise<{ readonly cpuMs: number; readonly bytes: number }> {
  const text = `${await redis.info('cpu')}\n${await redis.info('stats')}`;
  const read = (field: string) => Number(new RegExp(`^${field}:(.+)$`, 'm').exec(text)?.[1]);
  return {
    cpuMs: (read('used_cpu_user') + read('used_cpu_sys')) * 1_000,
    bytes: read('total_net_output_bytes'),
  };
}
