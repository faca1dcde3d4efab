import { expect, test } from '@jest/globals';
import { memoizeLast } from '../../../../api/fleet-view/memoize-last.ts';

test('computes again only if an argument differs from the last call', () => {
  let computed = 0;
  const join = memoizeLast((one: string, other: string) => {
    computed += 1;
    return `${one}${other}`;
  });

  const answers = [join('a', 'b'), join('a', 'b'), join('a', 'c'), join('a', 'b')];

  expect(answers).toEqual(['ab', 'ab', 'ac', 'ab']);
  expect(computed).toBe(3);
});
