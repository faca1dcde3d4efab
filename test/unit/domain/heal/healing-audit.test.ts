import { expect, test } from '@jest/globals';
import { causeOf } from '../../../../domain/heal/healing-audit.ts';

test.each(['a', 'file', 'fiaas'])('a namespace with the name %s has the causes of others', (namespace) => {
  const reason = `Application of ${namespace}: bad profiles of pod fiaas-deploy-daemon-7f9-x2`;

  expect(causeOf({ namespace, reason })).toBe(
    'Application of NAMESPACE: bad profiles of pod fiaas-deploy-daemon-POD',
  );
});

test.each(['2026-11-29 07:00:00 UTC', '2026-11-29T07:00:00.123Z'])(
  'a cause does not have what differs between namespaces, such as %s',
  (time) => {
    const reason = `Application shop of team-1 got id team-1-7 at ${time}, pod fiaas-deploy-daemon-7f9-x2 restarted 3 times`;

    expect(causeOf({ namespace: 'team-1', reason })).toBe(
      'Application shop of NAMESPACE got id NAMESPACE-N at TIME, pod fiaas-deploy-daemon-POD restarted N times',
    );
  },
);
