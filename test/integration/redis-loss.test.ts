import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({});
let redis: Redis;
let checks: Queue;

beforeEach(() => {
  redis = new Redis(world.redis.url);
  checks = new Queue('release-check', { connection: { url: world.redis.url }, prefix: '{skipper}' });
});

afterEach(async () => {
  redis.disconnect();
  await checks.close();
});

async function scheduled(): Promise<string[]> {
  return (await checks.getJobSchedulers()).map(({ key }) => key).sort();
}

async function metric(url: string, name: string): Promise<number> {
  const { text } = await world.http('/_/metrics', { url });
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
}

describe('a Redis that has lost its data', () => {
  const flags = { 'release-check-interval': 2 };

  test('gets its schedules back at the next connection, and release checks resume', async () => {
    await world.withApi({ flags }, (api) =>
      world.withWorker({ flags }, async () => {
        await until(async () => (await checks.getJobs(['completed'])).length > 1, 'releases are checked');
        await redis.flushall();
        await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');

        await until(async () => (await scheduled()).length === 2, 'the checks are scheduled again');
        await until(async () => (await checks.getJobs(['completed'])).length > 1, 'the checks run');
        await until(
          async () => (await metric(api.url, 'skipper_release_check_age_seconds')) < 10,
          'the age is that of a new check',
        );
        expect(await metric(api.url, 'skipper_release_check_interval_seconds')).toBe(2);
      }),
    );
  });

  test('gets its schedules back even if no connection was lost', async () => {
    await world.withWorker({ flags, unready: true }, async (worker) => {
      await worker.ready();
      await until(async () => (await scheduled()).length === 2, 'the checks are scheduled');
      await redis.flushall();

      await until(async () => (await scheduled()).length === 2, 'the checks are scheduled again');
    });
  });

  test('two workers with the same schedules make no more checks than one', async () => {
    const slow = { 'release-check-interval': 3600 };
    await redis.flushall();
    await world.withWorker({ flags: slow }, () =>
      world.withWorker({ flags: slow }, async () => {
        await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await until(async () => (await scheduled()).length === 2, 'the checks are scheduled');
        await until(
          async () =>
            (await checks.getJobs(['completed'])).filter(({ name }) => name === 'repair').length > 1,
          'repairs are made',
        );
        const made = (await checks.getJobs(['completed', 'waiting', 'active'])).filter(
          ({ name }) => name === 'release-check',
        );
        expect(made).toHaveLength(1);
      }),
    );
  });
});

describe('a row whose record was lost', () => {
  test('is not busy for more than a few seconds', async () => {
    await redis.flushall();
    await world.addNamespace('forgotten', { fdd: '20190215094822-2ace0ea' });
    await world.withApi({}, async () => {
      const busy = async () =>
        (await world.http('/api/fleet')).body.rows.find(
          (row: { namespace: string }) => row.namespace === 'forgotten',
        )?.activity !== 'idle';
      await world.deploy({ namespaces: ['forgotten'] });
      await until(busy, 'the row is busy');
      await redis.flushall();
      await until(async () => !(await busy()), 'the row is not busy');
    });
  });
});

describe('a release check that is overdue', () => {
  test('is reported in the summary and visible by its age', async () => {
    const flags = { 'release-check-interval': 1 };
    await redis.flushall();
    await world.withWorker({ flags }, async () => {
      await until(async () => (await checks.getJobs(['completed'])).length > 0, 'a check has ended');
    });
    await world.withApi({}, async (api) => {
      await until(
        async () =>
          (await world.http('/api/fleet')).body.summary.notices.some(({ message }: { message: string }) =>
            /The last release check ended .* ago, although one is due every 1 s/.test(message),
          ),
        'the summary reports it',
      );
      const { lastReleaseCheck, notices } = (await world.http('/api/fleet')).body.summary;
      expect(notices).toContainEqual(expect.objectContaining({ message: lastReleaseCheck.problem }));
      expect(await metric(api.url, 'skipper_release_check_age_seconds')).toBeGreaterThan(30);
    });
  });
});
