import { expect, test } from '@jest/globals';
import { type Polling, startPoll } from '../../../../web/ui/poll.ts';

/** A page whose timers run when the test wants it. */
function openPage(read: () => Promise<void>) {
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
  const page = openPage(async () => {
    reads += 1;
  });
  await page.poll.now();
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
  const page = openPage(async () => {
    if (isDown) throw new Error('no answer');
  });
  await page.poll.now();
  isDown = false;
  await page.runTimers();

  expect(page.states).toEqual(['lost', 'live']);
});

test('a reading that is asked for replaces the timer of the one before', async () => {
  let reads = 0;
  const page = openPage(async () => {
    reads += 1;
  });
  await page.poll.now();
  await page.poll.now();
  await page.runTimers();

  expect(reads).toBe(3);
});
