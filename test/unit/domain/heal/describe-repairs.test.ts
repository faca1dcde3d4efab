import { expect, test } from '@jest/globals';
import { describeRepairs } from '../../../../domain/heal/describe-repairs.ts';

test('the reason of a rollout of healing is a sentence', () => {
  const evidence = 'it was seen';

  expect(describeRepairs([{ means: 'restart', rule: 'unreported', evidence }])).toBe(
    'Healing: restart FDD in 1 namespace (unreported)',
  );
  expect(
    describeRepairs([
      { means: 'restart', rule: 'crash-loop', evidence },
      { means: 'deploy', rule: 'drifted', evidence },
      { means: 'restart', rule: 'crash-loop', evidence },
    ]),
  ).toBe(
    'Healing: restart FDD in 2 namespaces (crash-loop), deploy again with a new id in 1 namespace (drifted)',
  );
});
