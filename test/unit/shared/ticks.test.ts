import { expect, test } from '@jest/globals';
import { openTicks } from '../../../shared/state/ticks.ts';

const epoch = { id: 'a', at: 10 };
const answer = (tick: number | undefined) => async () => ({ epoch, tick });
const write = async () => 'ok';

test('nothing is known before the first answer', async () => {
  const ticks = openTicks();
  await ticks.counted(write);

  expect(await ticks.ask(answer(4))).toEqual({ epoch, tick: 4, known: undefined });
});

test('what this process has written since the latest answer is known, too', async () => {
  const ticks = openTicks();
  await ticks.ask(answer(4));
  await ticks.counted(write);
  await ticks.counted(write);

  expect((await ticks.ask(answer(7))).known).toEqual({ id: 'a', at: 10, tick: 6 });
  expect((await ticks.ask(answer(8))).known?.tick).toBe(7);
});

test('a write that fails, or that the latest answer may contain, does not count', async () => {
  const ticks = openTicks();
  await ticks.ask(answer(4));
  let end: () => void = () => undefined;
  const early = ticks.counted(() => new Promise<void>((resolve) => (end = resolve)));
  await ticks.ask(answer(6));
  end();
  await early;
  await expect(ticks.counted(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');

  expect((await ticks.ask(answer(7))).known?.tick).toBe(6);
});

test('a Redis that does not count keeps what is known; one without an epoch does not', async () => {
  const ticks = openTicks();
  await ticks.ask(answer(4));
  await ticks.counted(write);
  await ticks.ask(answer(undefined));
  expect((await ticks.ask(answer(6))).known?.tick).toBe(5);

  await ticks.ask(async () => ({ epoch: undefined, tick: undefined }));
  expect((await ticks.ask(answer(1))).known).toBeUndefined();
});
