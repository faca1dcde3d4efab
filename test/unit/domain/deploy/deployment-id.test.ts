import { describe, expect, test } from '@jest/globals';
import { deploymentId, isDeploymentIdOf, nextDeploymentId } from '../../../../domain/deploy/deployment-id.ts';
import { isLabelValue } from '../../../../domain/release/image.ts';
import { FOREIGN_ID } from '../../../support/builders.ts';

describe('deploymentId', () => {
  test('is the same for the same rollout, namespace and try, forever', () => {
    // Frozen: another value would restart every FDD whose job is running while Skipper is updated.
    expect(deploymentId('rollout-1', 'team-a')).toBe('73ce142c-b240-599a-a9ca-b3f198e40000');
  });

  test('differs for each rollout, namespace and try', () => {
    const ids = ['r1', 'r2'].flatMap((rollout) =>
      ['a', 'b'].flatMap((namespace) =>
        [0, 1, 2].map((attempt) => deploymentId(rollout, namespace, attempt)),
      ),
    );

    expect(new Set(ids).size).toBe(12);
  });

  test('is a UUID for every try', () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

    expect([0, 1, 99].map((attempt) => deploymentId('r1', 'a', attempt))).toEqual(
      [0, 1, 99].map(() => expect.stringMatching(uuid)),
    );
  });

  test('is a valid label value', () => {
    expect(isLabelValue(deploymentId('r1', 'a'.repeat(63), 7))).toBe(true);
  });
});

describe('isDeploymentIdOf', () => {
  test.each([0, 1, 7, 31])("recognizes the id of a rollout's try %d", (attempt) => {
    expect(isDeploymentIdOf(deploymentId('r1', 'a', attempt), 'r1', 'a')).toBe(true);
  });

  test.each([
    ['of another rollout', deploymentId('r2', 'a')],
    ['of another namespace', deploymentId('r1', 'b')],
    ['that upstream has drawn', FOREIGN_ID],
    ['that is empty', ''],
    ['that only begins like it', deploymentId('r1', 'a').replace(/.{4}$/, 'zzzz')],
    ['that is longer', `${deploymentId('r1', 'a')}0`],
  ])('does not recognize an id %s', (_what, id) => {
    expect(isDeploymentIdOf(id, 'r1', 'a')).toBe(false);
  });
});

describe('nextDeploymentId', () => {
  test.each([
    ['no id', undefined, 0],
    ['a foreign id', FOREIGN_ID, 0],
    ["another rollout's id", deploymentId('r2', 'a'), 0],
    ['the first of ours', deploymentId('r1', 'a', 0), 1],
    ['the fifth of ours', deploymentId('r1', 'a', 4), 5],
  ])('returns the next id after %s', (_what, current, attempt) => {
    expect(nextDeploymentId(current, 'r1', 'a', () => false)).toBe(deploymentId('r1', 'a', attempt));
  });

  test('skips an id that FDD has finished', () => {
    const finished = [0, 1].map((attempt) => deploymentId('r1', 'a', attempt));

    const next = nextDeploymentId(FOREIGN_ID, 'r1', 'a', (id) => finished.includes(id));

    expect(next).toBe(deploymentId('r1', 'a', 2));
  });

  test('skips several ids that FDD has finished', () => {
    const finished = new Set([deploymentId('r1', 'a', 0), deploymentId('r1', 'a', 1)]);

    const next = nextDeploymentId(FOREIGN_ID, 'r1', 'a', (id) => finished.has(id));

    expect(next).toBe(deploymentId('r1', 'a', 2));
  });

  test('never returns the same id twice, in as many tries as --max-attempts allows', () => {
    const given = new Set<string>();
    let id: string | undefined;

    for (let attempt = 0; attempt < 100; attempt += 1) {
      id = nextDeploymentId(id, 'r1', 'a', () => false);
      given.add(id);
    }

    expect(given.size).toBe(100);
  });
});
