import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createWriteQueue } from '../../../worker/write-queue.ts';
import { silentLog } from '../../support/builders.ts';

describe('createWriteQueue', () => {
  test('keeps the order, even if an earlier write takes longer', async () => {
    const queue = createWriteQueue(silentLog);
    const written: string[] = [];

    queue.add(async () => {
      await pause(5);
      written.push('first');
    });
    queue.add(async () => written.push('second'));
    await queue.settled();

    expect(written).toEqual(['first', 'second']);
  });

  test('drops only the write that fails', async () => {
    const queue = createWriteQueue(silentLog);
    const written: string[] = [];

    queue.add(() => Promise.reject(new Error('redis is down')));
    queue.add(async () => written.push('second'));
    await queue.settled();

    expect(written).toEqual(['second']);
  });
});
