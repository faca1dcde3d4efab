import { expect, test } from '@jest/globals';
import { type Polling, startPoll } from '../../../../web/ui/poll.ts';

/** A page that was read once, whose timers run when the test wants it. */
async function openPage(read: () => Promise<void>) {
  const timers: (() => void)[] = [];
  const states: Polling['state'][] = [];
  let isHidden = false;
  const poll = startPoll({
    read,
    intervalMs: () => 1,
    onState: ({ state }) => states.push(state),
    isHidden: () => isHidden,
    setTimer: (run) => timers.push(run),
  });
  await new Promise((resolve) => setImmediate(resolve));
  return {
    poll,
    states,
    hide: (hidden: boolean) => {
      isHidden = hidden;
    },
    runTimers: async () => {
      for (const run of timers.splice(0)) run();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('a page is read again and again, but not while it is hidden', async () => {
  let reads = 0;
  const page = await openPage(async () => {
    reads += 1;
  });
  await page.runTimers();
  expect(reads).toBe(2);

  page.hide(true);
  await page.runTimers();
  await page.runTimers();
  expect(reads).toBe(2);

  page.hide(false);
  await page.poll.now();
  await page.runTimers();
  expect(reads).toBe(4);
});

test('a failure is shown, and the next reading ends it', async () => {
  let isDown = true;
  const page = await openPage(async () => {
    if (isDown) throw new Error('no answer');
  });
  isDown = false;
  await page.runTimers();

  expect(page.states).toEqual(['lost', 'live']);
});

test('a reading that is asked for replaces the timer of the one before', async () => {
  let reads = 0;
  const page = await openPage(async () => {
    reads += 1;
  });
  await page.poll.now();
  await page.runTimers();

  expect(reads).toBe(3);
});

test('a page that is read while something changes is read once more after it', async () => {
  let stored = 'paused';
  let shown = '';
  const answers: (() => void)[] = [];
  const page = await openPage(async () => {
    const read = stored;
    await new Promise<void>((resolve) => answers.push(resolve));
    shown = read;
  });
  stored = 'running';
  const current = Promise.all([page.poll.now(), page.poll.now()]);
  answers.shift()?.();
  await page.runTimers();
  answers.shift()?.();
  await current;

  expect(shown).toBe('running');
  await page.runTimers();
  expect(answers).toHaveLength(1);
});

test('a page that is asked for again at the end of a reading is not read twice at once', async () => {
  let isSlow = false;
  const answers: (() => void)[] = [];
  const page = await openPage(async () => {
    if (isSlow) await new Promise<void>((resolve) => answers.push(resolve));
  });
  isSlow = true;
  void page.poll.now().then(page.poll.now);
  void page.poll.now();
  answers.shift()?.();
  await page.runTimers();

  expect(answers).toHaveLength(1);
});
