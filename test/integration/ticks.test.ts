import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { openTicks } from '../../shared/state/ticks.ts';
import { openEpoch } from '../support/open-epoch.ts';
import { openRedisProcesses } from '../support/redis-processes.ts';

const processes = openRedisProcesses();
const PREFIX = '{skipper}';
let redis: Redis;

beforeAll(async () => {
  const { port } = await processes.start([]);
  redis = new Redis({ host: '127.0.0.1', port });
});
beforeEach(async () => {
  await redis.flushall();
  await openEpoch(redis, PREFIX);
});
afterAll(async () => {
  redis.disconnect();
  await processes.stop();
});

const open = () => openTicks(redis, PREFIX);

async function write(ticks: ReturnType<typeof open>, confirmed: Promise<void> = Promise.resolve()) {
  await ticks.count(async () => {
    await ticks.countIn(redis.multi()).exec();
    await confirmed;
  });
}

/** A write that Redis has carried out, and whose confirmation the process has not noticed yet. */
async function writeUnnoticed(ticks: ReturnType<typeof open>) {
  let notice: () => void = () => undefined;
  const written = write(
    ticks,
    new Promise((resolve) => {
      notice = resolve;
    }),
  );
  await redis.ping();
  return async () => {
    notice();
    await written;
  };
}

/** What Redis has forgotten when it goes back. */
async function snapshot(): Promise<() => Promise<void>> {
  const keys = await redis.keys('*');
  const values = await redis.mget(keys);
  return async () => {
    await redis.flushall();
    await redis.mset(...keys.flatMap((key, index) => [key, values[index] ?? '']));
  };
}

test('a Redis that has lost nothing is not older, whatever other processes write', async () => {
  const [one, other] = [open(), open()];
  for (let round = 0; round < 3; round += 1) {
    await write(one);
    await write(other);
    await write(other);
    expect(await one.read()).toMatchObject({ isOlder: false });
    expect(await other.read()).toMatchObject({ isOlder: false });
  }
});

test('a confirmed write that is lost shows, even if others have written more since', async () => {
  const [one, other] = [open(), open()];
  await one.read();
  const goBack = await snapshot();
  await write(one);
  await goBack();
  await write(other);
  await write(other);

  expect(await one.read()).toMatchObject({ isOlder: true });
  expect(await one.read()).toMatchObject({ isOlder: true });
  expect(await other.read()).toMatchObject({ isOlder: false });
});

test('a lost write of another process shows if it was there at the latest check', async () => {
  const [one, other] = [open(), open()];
  await one.read();
  const goBack = await snapshot();
  await write(other);
  await one.read();
  await goBack();

  expect(await one.read()).toMatchObject({ isOlder: true });
});

test('a write that is confirmed while Redis is read is not expected in its answer', async () => {
  const ticks = open();
  await ticks.read();
  const reading = ticks.read();
  const writing = write(ticks);

  expect(await reading).toMatchObject({ isOlder: false });
  await writing;
  expect(await ticks.read()).toMatchObject({ isOlder: false });
});

test('a write whose confirmation is noticed after an answer that contains it counts once', async () => {
  const ticks = open();
  await ticks.read();
  const notice = await writeUnnoticed(ticks);
  await ticks.read();
  await notice();

  expect(await ticks.read()).toMatchObject({ isOlder: false });
});

test('a write whose confirmation is noticed in a later epoch does not count in that one', async () => {
  const ticks = open();
  await ticks.read();
  const notice = await writeUnnoticed(ticks);
  await redis.flushall();
  await redis.set(`${PREFIX}:epoch`, JSON.stringify({ id: 'c', at: 6 }));
  await ticks.read();
  await notice();

  expect(await ticks.read()).toMatchObject({ isOlder: false });
});

test('a write whose confirmation was lost hides no later one', async () => {
  const [one, other] = [open(), open()];
  await one.read();
  const late = one.count(async () => {
    await one.countIn(redis.multi()).exec();
    throw new Error('no answer in time');
  });
  await expect(late).rejects.toThrow('no answer in time');
  await one.read();
  const goBack = await snapshot();
  await write(one);
  await goBack();
  await write(other);

  expect(await one.read()).toMatchObject({ isOlder: true });
});

test('what was counted in an epoch that has been closed is not expected in the next one', async () => {
  const ticks = open();
  await ticks.read();
  await write(ticks);
  ticks.forget();

  expect(ticks.expected()).toEqual([expect.any(String), 0, 0]);
});

test('an epoch from before is older; a later one begins again', async () => {
  const ticks = open();
  await redis.set(`${PREFIX}:epoch`, JSON.stringify({ id: 'b', at: 5 }));
  await write(ticks);
  await ticks.read();
  await redis.set(`${PREFIX}:epoch`, JSON.stringify({ id: 'a', at: 4 }));
  expect(await ticks.read()).toMatchObject({ isOlder: true });

  await redis.flushall();
  await redis.set(`${PREFIX}:epoch`, JSON.stringify({ id: 'c', at: 6 }));
  expect(await ticks.read()).toMatchObject({ isOlder: false });
  expect(ticks.expected()).toEqual([expect.any(String), 0, 0]);
});

test('without an epoch nothing is known', async () => {
  const ticks = open();
  await write(ticks);
  await ticks.read();
  await redis.flushall();

  expect(await ticks.read()).toEqual({ epoch: undefined, saves: 0, isOlder: false });
  expect(ticks.expected()).toEqual([expect.any(String), 0, 0]);
});
