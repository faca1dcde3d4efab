import { describe, expect, test } from '@jest/globals';
import { DIAGNOSES } from '../../../../domain/cluster/diagnose.ts';
import { ERROR_CODES } from '../../../../domain/errors.ts';
import { NOT_FOLLOWED, REMEDY_SCENARIOS } from '../../../support/remedy-scenarios.ts';

const followed = new Set<string>(Object.values(REMEDY_SCENARIOS).map(({ follows }) => follows));

describe('every remedy', () => {
  test.each([...Object.keys(ERROR_CODES), ...DIAGNOSES])(
    'of %s is followed in test/integration/remedies.test.ts, or says why not',
    (code) => {
      const isExcused = Object.hasOwn(NOT_FOLLOWED, code);

      expect(followed.has(code) !== isExcused).toBe(true);
    },
  );
});
