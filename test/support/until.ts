import { setTimeout as pause } from 'node:timers/promises';

/** Only ends hangs: less than the time of a test, so that the error says what was waited for. */
export const UNTIL_TIMEOUT_MS = 120_000;

/** Waits until `read` returns something truthy, and returns it. */
export async function until<T>(
  read: () => Promise<T> | T,
  what: string,
  timeoutMs = UNTIL_TIMEOUT_MS,
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await read();
      if (answer) return answer as Exclude<NonNullable<T>, false>;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const seen = last instanceof Error ? String(last) : JSON.stringify(last);
      throw new Error(`not within ${timeoutMs} ms: ${what} (last: ${seen})`);
    }
    await pause(25);
  }
}
