import { describe, expect, test } from '@jest/globals';
import { explainStaleness } from '../../../../api/fleet-view/explain-staleness.ts';

const NOW = 100_000;
const HEALTHY = { answers: true };
const MISSING = { since: 0, reason: '404', code: 'crd_missing' } as const;
const healthy = { name: 'pods', synced: true, problem: undefined, lastHeardAt: 0, refused: false };

describe('explainStaleness', () => {
  test('returns nothing for an up-to-date view, even if the cluster is quiet', () => {
    expect(explainStaleness(HEALTHY, [healthy], NOW)).toEqual([]);
  });

  test('ignores a watch that was interrupted a moment ago', () => {
    const cut = { ...healthy, problem: 'ECONNRESET', lastHeardAt: NOW - 500 };

    expect(explainStaleness(HEALTHY, [cut], NOW)).toEqual([]);
  });

  test('reports the problem of a connected Redis', () => {
    const problems = [{ text: 'Redis is full' }, { text: 'Redis does not answer', isSilent: true }];

    expect(explainStaleness({ ...HEALTHY, problems }, [healthy], NOW)).toEqual(['Redis is full']);
  });

  test.each([
    ['Redis is down', false, [healthy], /Redis does not answer/],
    [
      'a watch is broken',
      true,
      [{ ...healthy, problem: 'ECONNREFUSED' }],
      /Kubernetes API.*pods: ECONNREFUSED/,
    ],
    [
      'a watch has lost its permission',
      true,
      [{ ...healthy, problem: '403 forbidden', refused: true }],
      /^Skipper lacks a permission: .*pods: 403 forbidden/,
    ],
    [
      'a resource has gone, which is an answer',
      true,
      [{ ...healthy, problem: '404 the server could not find the requested resource' }],
      /^The Kubernetes API cannot be read: .*pods: 404/,
    ],
    [
      'a CRD is missing, and what to do',
      true,
      [{ ...healthy, problem: '404', trouble: MISSING }],
      /^The Kubernetes API cannot be read: .*pods: 404\)\. Start or restart a worker/,
    ],
    [
      'a CRD was never there, and what to do',
      true,
      [{ ...healthy, synced: false, problem: '404', trouble: MISSING }],
      /^The cluster has not been read .*pods: 404\)\. Start or restart a worker/,
    ],
    ['a list is not read yet', true, [{ ...healthy, synced: false }], /not been read.*\(pods\)/],
    ['a list is refused', true, [{ ...healthy, synced: false, problem: 'forbidden' }], /pods: forbidden/],
  ])('reports that %s', (_what, redisReady, watches, sentence) => {
    const stale = explainStaleness({ ...HEALTHY, answers: redisReady }, watches, NOW);

    expect(stale).toEqual([expect.stringMatching(sentence)]);
  });
});
