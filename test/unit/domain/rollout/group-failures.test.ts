import { describe, expect, test } from '@jest/globals';
import { describeFailures, groupFailures } from '../../../../domain/rollout/group-failures.ts';

describe('groupFailures', () => {
  test('puts the most frequent cause first, and orders names', () => {
    const failures = [
      { namespace: 'd', cause: 'quota' },
      { namespace: 'c', cause: 'crash' },
      { namespace: 'a', cause: 'crash' },
      { namespace: 'b' },
      { namespace: 'e', cause: '' },
    ];

    expect(groupFailures(failures)).toEqual([
      { cause: 'crash', namespaces: ['a', 'c'] },
      { cause: 'unknown cause', namespaces: ['b', 'e'] },
      { cause: 'quota', namespaces: ['d'] },
    ]);
  });
});

describe('describeFailures', () => {
  test('cuts long lists', () => {
    const namespaces = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const groups = ['1', '2', '3', '4', '5'].map((cause) => ({ cause, namespaces: ['x'] }));

    expect(describeFailures([{ cause: 'crash', namespaces }])).toBe('crash (a, b, c, d, e and 2 more)');
    expect(describeFailures([{ cause: 'crash', namespaces: namespaces.slice(0, 5) }])).toBe(
      'crash (a, b, c, d, e)',
    );
    expect(describeFailures(groups)).toBe('1 (x); 2 (x); 3 (x); and 2 more causes');
    expect(describeFailures(groups.slice(0, 4))).toBe('1 (x); 2 (x); 3 (x); and 1 more cause');
    expect(describeFailures([])).toBe('');
  });
});
