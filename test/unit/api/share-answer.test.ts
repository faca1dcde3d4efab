import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { shareAnswer } from '../../../api/share-answer.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('an answer is serialized once for all, until its key changes or half a second has passed', () => {
  let rendered = 0;
  let key = 'a';
  const share = shareAnswer(
    () => {
      rendered += 1;
      return { rendered };
    },
    () => key,
  );

  const answers = Array.from({ length: 20 }, share);
  expect(rendered).toBe(1);
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]?.toString()).toBe('{"rendered":1}');

  key = 'b';
  expect(share().toString()).toBe('{"rendered":2}');
  jest.advanceTimersByTime(499);
  share();
  expect(rendered).toBe(2);
  jest.advanceTimersByTime(1);
  share();
  expect(rendered).toBe(3);
});
