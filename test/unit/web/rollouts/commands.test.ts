import { describe, expect, test } from '@jest/globals';
import type { TargetState } from '../../../../domain/rollout/rollout.ts';
import { describeCommand, fittingCommands, primaryCommand } from '../../../../web/rollouts/commands.ts';
import { aRolloutView, aWave, someCounts } from '../../../support/rollout-builders.ts';

describe('the buttons', () => {
  test.each<[TargetState, readonly string[]]>([
    ['pending', ['pause', 'rollback', 'retry', 'skip', 'cancel']],
    ['running', ['pause', 'rollback', 'retry', 'skip', 'cancel']],
    ['paused', ['rollback', 'retry', 'resume', 'skip', 'cancel']],
    ['completed', ['rollback', 'retry']],
    ['failed', ['rollback', 'retry']],
    ['cancelled', ['rollback']],
    ['superseded', ['rollback']],
  ])('of a rollout that is %s are those that the API accepts', (state, commands) => {
    expect(fittingCommands(aRolloutView({ state }))).toEqual(commands);
  });

  test('offer no retry without a failure, and no rollback before anything was reached', () => {
    const waves = [aWave({ admitted: 0, counts: someCounts({ pending: 4 }) })];
    const rollout = aRolloutView({ state: 'pending', counts: someCounts({ pending: 4 }), waves });

    expect(fittingCommands(rollout)).toEqual(['pause', 'skip', 'cancel']);
  });

  test('stand out only if no failure has to be judged first', () => {
    const none = someCounts({ pending: 4 });

    expect(primaryCommand(aRolloutView({ state: 'running' }))).toBe('pause');
    expect(primaryCommand(aRolloutView({ state: 'paused', counts: none }))).toBe('resume');
    expect(primaryCommand(aRolloutView({ state: 'paused' }))).toBeUndefined();
    expect(primaryCommand(aRolloutView({ state: 'failed' }))).toBeUndefined();
  });

  test('offer an approval while a wave waits for it', () => {
    const waves = [aWave({ phase: 'ended' }), aWave({ size: 3, phase: 'approval' })];
    const rollout = aRolloutView({ state: 'running', waves });

    expect(fittingCommands(rollout)).toContain('approve');
    expect(describeCommand('approve', rollout)).toEqual(['Wave 2 of 2 begins: 3 namespaces.']);
  });
});

describe('what a command will do', () => {
  const running = aRolloutView({
    state: 'running',
    counts: someCounts({ running: 12, pending: 3, failed: 2 }),
  });

  test('is said of a pause', () => {
    expect(describeCommand('pause', running)).toEqual([
      'Nothing new is written. 12 namespaces that have begun end as usual.',
      '3 namespaces wait until the rollout is resumed.',
    ]);
  });

  test('is said of a resume, with what becomes of the failures', () => {
    expect(describeCommand('resume', aRolloutView())).toEqual([
      'The rollout continues where it stopped: 3 namespaces wait.',
      'The failed target no longer counts against the failure budget, and is not retried.',
    ]);
  });

  test('is said of a cancel: what is left out, what ends as usual, what is ignored', () => {
    expect(describeCommand('cancel', running)).toEqual([
      '3 namespaces that have not begun get nothing from this rollout.',
      '12 namespaces that have begun end as usual.',
      'v2 is not rolled out automatically again until you end that (skipper ignore --end v2).',
    ]);
    expect(describeCommand('cancel', { ...running, trigger: 'api' })).toHaveLength(2);
  });

  test('is said of a retry, of all or of those that are named', () => {
    expect(describeCommand('retry', running)[0]).toBe(
      '2 namespaces are deployed again, with the same release.',
    );
    expect(describeCommand('retry', running, ['team-a'])[0]).toBe(
      'team-a is deployed again, with the same release.',
    );
  });

  test('is said of a skip', () => {
    expect(describeCommand('skip', running, ['team-a', 'team-b'])[0]).toBe(
      '2 namespaces get nothing from this rollout, and no longer count as failed.',
    );
  });

  test('is said of a rollback, with its holds', () => {
    expect(describeCommand('rollback', aRolloutView())).toEqual([
      'A new rollout returns 1 namespace to the release that was verified there before.',
      'It is held there: no release is rolled out automatically until the hold is released.',
      'This rollout is cancelled: what it has not reached gets nothing from it.',
      'v2 is not rolled out automatically again until you end that (skipper ignore --end v2).',
    ]);
  });
});
