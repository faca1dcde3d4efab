import { describe, expect, test } from '@jest/globals';
import { errorClassOf, messageOf, SkipperError, toError } from '../../../domain/errors.ts';

describe('SkipperError', () => {
  test('has its class, cause, Retry-After and details', () => {
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
    ['a missing permission', new SkipperError('forbidden', ''), 'permanent'],
    ['a silent cluster', new SkipperError('cluster_unavailable', ''), 'retryable'],
    ['a namespace that is gone', new SkipperError('namespace_gone', ''), 'skipped'],
    ['a bug', new TypeError('a bug'), 'retryable'],
    ['a thrown text', 'text', 'retryable'],
    ['undefined', undefined, 'retryable'],
  ])('acceptance 21: classifies %s', (_what, thrown, errorClass) => {
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
    ['the name of an error without a message', new Error(''), 'Error'],
    [
      'our own message only once',
      new SkipperError('conflict', 'already contained', { cause: new Error('inside') }),
      'already contained',
    ],
    ['a thrown text', 'text', 'text'],
  ])('returns %s', (_what, thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});

describe('toError', () => {
  test('converts anything to an error', () => {
    expect(toError(42)).toEqual(new Error('42'));
  });
});
