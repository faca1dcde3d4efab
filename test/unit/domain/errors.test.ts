import { describe, expect, test } from '@jest/globals';
import { errorClassOf, messageOf, SkipperError, toError } from '../../../domain/errors.ts';

describe('SkipperError', () => {
  test('carries its class, cause, wait and details', () => {
    const cause = new Error('why');

    const error = new SkipperError('rate_limited', 'slowly', { cause, retryAfterMs: 5, details: ['a'] });

    expect(error).toMatchObject({
      name: 'SkipperError',
      code: 'rate_limited',
      errorClass: 'retryable',
      cause,
      retryAfterMs: 5,
      details: ['a'],
    });
  });
});

describe('errorClassOf', () => {
  test.each([
    ['a missing right', new SkipperError('forbidden', ''), 'permanent'],
    ['a silent cluster', new SkipperError('cluster_unavailable', ''), 'retryable'],
    ['a namespace that is gone', new SkipperError('namespace_gone', ''), 'skipped'],
    ['a bug', new TypeError('a bug'), 'retryable'],
    ['a thrown text', 'text', 'retryable'],
    ['nothing', undefined, 'retryable'],
  ])('acceptance 21: takes %s for what its class says', (_what, thrown, errorClass) => {
    expect(errorClassOf(thrown)).toBe(errorClass);
  });
});

describe('messageOf', () => {
  test.each([
    [
      'the reason that Node hides in the cause',
      new Error('fetch failed', { cause: new Error('ECONNREFUSED') }),
      'fetch failed: ECONNREFUSED',
    ],
    ['the name of an error without words', new Error(''), 'Error'],
    [
      'our own words only once',
      new SkipperError('conflict', 'said already', { cause: new Error('inside') }),
      'said already',
    ],
    ['a thrown text', 'text', 'text'],
  ])('says %s', (_what, thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});

describe('toError', () => {
  test('makes an error of anything', () => {
    expect(toError(42)).toEqual(new Error('42'));
  });
});
