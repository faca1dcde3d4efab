import { describe, expect, test } from '@jest/globals';
import { explainStaleness } from '../../../../api/fleet-view/explain-staleness.ts';

const NOW = 100_000;
const WELL = { answers: true, deploysPaused: false };
const healthy = { name: 'pods', synced: true, problem: undefined, lastHeardAt: 0 };

describe('explainStaleness', () => {
  test('has nothing to say of a view that is fresh, however quiet the cluster is', () => {
    expect(explainStaleness(WELL, [healthy], NOW)).toEqual([]);
  });

  test('does not make a word of a watch that was cut a moment ago', () => {
    const cut = { ...healthy, problem: 'ECONNRESET', lastHeardAt: NOW - 500 };

    expect(explainStaleness(WELL, [cut], NOW)).toEqual([]);
  });

  test('says that somebody has paused the deploy queue', () => {
    expect(explainStaleness({ ...WELL, deploysPaused: true }, [healthy], NOW)).toEqual([
      expect.stringMatching(/paused.*resumes it on the board/),
    ]);
  });

  test('says what is wrong with a Redis that answers', () => {
    const problems = [{ text: 'Redis is full' }, { text: 'Redis does not answer', isSilent: true }];

    expect(explainStaleness({ ...WELL, problems }, [healthy], NOW)).toEqual(['Redis is full']);
  });

  test('says that workers rest, with the reason of one', () => {
    const resting = new Map([['node-a-1', 'ECONNREFUSED']]);

    expect(explainStaleness({ ...WELL, resting }, [healthy], NOW)).toEqual([
      expect.stringMatching(
        /queue rests.*does not answer 1 worker \(node-a-1: ECONNREFUSED\).*automatically/,
      ),
    ]);
    expect(explainStaleness({ ...WELL, resting, answers: false }, [healthy], NOW)).toEqual([
      expect.stringMatching(/Redis/),
    ]);
  });

  test.each([
    ['Redis is away', false, [healthy], /Redis does not answer/],
    ['a watch is cut', true, [{ ...healthy, problem: 'ECONNREFUSED' }], /Kubernetes API.*pods: ECONNREFUSED/],
    ['a list is not read yet', true, [{ ...healthy, synced: false }], /not been read.*\(pods\)/],
    ['a list is refused', true, [{ ...healthy, synced: false, problem: 'forbidden' }], /pods: forbidden/],
  ])('says that %s', (_what, redisReady, watches, sentence) => {
    const stale = explainStaleness({ ...WELL, answers: redisReady }, watches, NOW);

    expect(stale).toEqual([expect.stringMatching(sentence)]);
  });
});
