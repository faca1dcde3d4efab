import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { RULES, refusalOf } from '../../../../api/board/policy.ts';

const { appRoutes } = createRequire(import.meta.url)('@bull-board/api/dist/routes.js') as {
  appRoutes: { api: { method: string; route: string }[] };
};
const CHANGING = appRoutes.api
  .filter(({ method }) => method !== 'get')
  .map(({ method, route }) => `${method} ${route}`);

function refusal(route: string, queue: string, params: Record<string, string> = {}) {
  return refusalOf({ route, queue, params });
}

test('the rules cover exactly the changing routes of the installed board', () => {
  expect(Object.keys(RULES).sort()).toEqual([...CHANGING].sort());
});

test('an unknown route is refused', () => {
  expect(refusal('put /api/queues/:queueName/explode', 'deploy')).toContain('does not know');
});

describe('the deploy queue', () => {
  test.each([
    'post /api/queues/:queueName/add',
    'put /api/queues/:queueName/:jobId/retry',
    'put /api/queues/:queueName/retry/:queueStatus',
    'put /api/queues/:queueName/:jobId/promote',
    'put /api/queues/:queueName/promote',
    'put /api/queues/:queueName/pause',
    'put /api/queues/:queueName/resume',
  ])('allows %s', (route) => {
    expect(refusal(route, 'deploy')).toBeUndefined();
  });

  test.each([
    ['put /api/queues/:queueName/empty', 'stays until it is done'],
    ['put /api/queues/:queueName/obliterate', 'clean them'],
    ['put /api/queues/:queueName/concurrency', '--concurrency'],
    ['put /api/queues/:queueName/rate-limit', '--concurrency'],
    ['patch /api/queues/:queueName/:jobId/update-data', 'add another job'],
    ['patch /api/queues/:queueName/:jobId/delay', 'Promote'],
    ['patch /api/queues/:queueName/:jobId/priority', 'order'],
  ])('refuses %s, and shows what to do', (route, hint) => {
    expect(refusal(route, 'deploy')).toContain(hint);
  });

  test.each(['completed', 'failed'])('allows cleaning %s jobs', (queueStatus) => {
    expect(
      refusal('put /api/queues/:queueName/clean/:queueStatus', 'deploy', { queueStatus }),
    ).toBeUndefined();
  });

  test.each(['wait', 'waiting', 'active', 'delayed', 'prioritized', 'paused'])(
    'refuses to clean %s jobs',
    (queueStatus) => {
      expect(refusal('put /api/queues/:queueName/clean/:queueStatus', 'deploy', { queueStatus })).toContain(
        'stays until it is done',
      );
    },
  );
});

describe('the release checks', () => {
  test.each([
    'put /api/queues/:queueName/job-schedulers/:schedulerId/run',
    'post /api/queues/:queueName/add',
    'put /api/queues/:queueName/resume',
  ])('allow %s', (route) => {
    expect(refusal(route, 'release-check')).toBeUndefined();
  });

  test.each([
    'put /api/queues/:queueName/pause',
    'put /api/queues/:queueName/empty',
    'put /api/queues/:queueName/obliterate',
    'put /api/queues/:queueName/concurrency',
    'put /api/queues/:queueName/job-schedulers/:schedulerId/remove',
    'patch /api/queues/:queueName/job-schedulers/:schedulerId',
  ])('refuse %s', (route) => {
    expect(refusal(route, 'release-check')).toMatch(/\w{4,}/);
  });
});

test('the fleet queue allows only deploys and actions without effect', () => {
  const allowed = Object.keys(RULES).filter((route) => refusal(route, 'fleet') === undefined);

  expect(allowed.sort()).toEqual(
    [
      'post /api/queues/:queueName/add',
      'put /api/queues/:queueName/:jobId/promote',
      'put /api/queues/:queueName/:jobId/retry',
      'put /api/queues/:queueName/job-schedulers/:schedulerId/run',
      'put /api/queues/:queueName/promote',
      'put /api/queues/:queueName/rate-limit/release',
      'put /api/queues/:queueName/resume',
      'put /api/queues/:queueName/retry/:queueStatus',
      'put /api/queues/pause',
      'put /api/queues/resume',
    ].sort(),
  );
});

test('the queue of rollouts is read-only: every action names the page of the rollout', () => {
  const allowed = Object.keys(RULES).filter((route) => refusal(route, 'rollouts') === undefined);

  expect(allowed).toEqual([]);
  expect(refusal('put /api/queues/:queueName/pause', 'rollouts')).toContain('on its own page');
});

test('the queue of notifications is read-only: every action names the file of receivers', () => {
  const allowed = Object.keys(RULES).filter((route) => refusal(route, 'notifications') === undefined);

  expect(allowed).toEqual([]);
  expect(refusal('put /api/queues/:queueName/pause', 'notifications')).toContain('--notifications');
});
