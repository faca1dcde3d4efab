import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createProgressPublisher, type Progress } from '../../../worker/progress-publisher.ts';

const DAY_MS = 24 * 3_600_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function open() {
  const published: [Progress['phase'], string, boolean][] = [];
  const publisher = createProgressPublisher(({ phase, detail }, isNewPhase) => {
    published.push([phase, detail, isNewPhase]);
  });
  const pass = (ms: number) => jest.advanceTimersByTime(ms);
  return { publisher, published, pass };
}

describe('createProgressPublisher', () => {
  test('reports whether the phase or only its detail has changed', () => {
    const { publisher, published, pass } = open();

    publisher.update({ phase: 'applying', detail: '' });
    pass(DAY_MS);
    publisher.update({ phase: 'rolling out', detail: '0 of 2' });
    pass(DAY_MS);
    publisher.update({ phase: 'rolling out', detail: '1 of 2' });
    pass(DAY_MS);

    expect(published).toEqual([
      ['applying', '', true],
      ['rolling out', '0 of 2', true],
      ['rolling out', '1 of 2', false],
    ]);
  });

  test('does not publish the same progress twice', () => {
    const { publisher, published, pass } = open();

    for (let times = 0; times < 3; times += 1) {
      publisher.update({ phase: 'rolling out', detail: '0 of 2' });
      pass(DAY_MS);
    }

    expect(published).toHaveLength(1);
  });

  test('can be used again after a stop', () => {
    const { publisher, published, pass } = open();
    publisher.update({ phase: 'applying', detail: '' });
    publisher.stop();
    pass(DAY_MS);

    publisher.update({ phase: 'rolling out', detail: '' });
    pass(DAY_MS);

    expect(published).toEqual([['rolling out', '', true]]);
  });
});
