import { describe, expect, test } from '@jest/globals';
import { startAttemptClock } from '../../../../domain/rollout/attempt-clock.ts';

function aClock() {
  const time = { now: 1_000 };
  return { time, clock: startAttemptClock(1_000, () => time.now) };
}

describe('the clock of an attempt', () => {
  test('ends each step when the next one starts, and the last one now', () => {
    const { time, clock } = aClock();

    clock.begin('observe', 'read');
    time.now += 5;
    clock.begin('apply-application', 'update Application');
    time.now += 40;
    clock.begin('waiting for FDD', '');
    time.now += 2_000;

    expect(clock.steps()).toEqual([
      { kind: 'observe', text: 'read', at: 0, ms: 5 },
      { kind: 'apply-application', text: 'update Application', at: 5, ms: 40 },
      { kind: 'waiting for FDD', text: '', at: 45, ms: 2_000 },
    ]);
  });

  test('continues a step that is reported again, with its new text', () => {
    const { time, clock } = aClock();

    clock.begin('waiting for FDD', 'FDD reported INITIATED');
    time.now += 10;
    clock.begin('waiting for FDD', 'FDD reported RUNNING');
    time.now += 10;
    clock.begin('waiting for FDD', '');

    expect(clock.steps()).toEqual([{ kind: 'waiting for FDD', text: 'FDD reported RUNNING', at: 0, ms: 20 }]);
  });

  test('keeps a limited number of steps if a deployment flips between states, without losing time', () => {
    const { time, clock } = aClock();

    for (let turn = 0; turn < 100; turn += 1) {
      clock.begin(turn % 2 === 0 ? 'waiting for FDD' : 'rolling out', '');
      time.now += 10;
    }

    const steps = clock.steps();
    expect(steps.length).toBeLessThan(30);
    expect(steps.reduce((sum, step) => sum + step.ms, 0)).toBe(1_000);
  });

  test('tolerates a clock that is set back', () => {
    const { time, clock } = aClock();
    clock.begin('observe', '');
    time.now -= 500;
    clock.begin('plan', '');

    expect(clock.steps().every((step) => step.at >= 0 && step.ms >= 0)).toBe(true);
  });
});
