import { expect, test } from '@jest/globals';
import { causeOf } from '../../../../domain/heal/healing-audit.ts';

test('a cause does not have what differs between namespaces', () => {
  const reason =
    'Application shop of team-1 got id team-1-7 at 2026-11-29T07:00:00.123Z, pod fiaas-deploy-daemon-7f9-x2 restarted 3 times';

  expect(causeOf({ namespace: 'team-1', reason })).toBe(
    'Application shop of NAMESPACE got id NAMESPACE-N at TIME, pod fiaas-deploy-daemon-POD restarted N times',
  );
});
