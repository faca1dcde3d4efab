import { describe, expect, test } from '@jest/globals';
import { messageOf, SkipperError, toError } from '../../../domain/errors.ts';
import { hideSecrets, rememberSecret } from '../../../domain/hide-secrets.ts';

describe('hideSecrets', () => {
  test.each([
    ['a password', 'redis://user:hunter2@redis:6379', 'redis://***@redis:6379'],
    ['a token as user name', 'https://hunter2@host/path', 'https://***@host/path'],
    ['an @ in a password', 'https://u:hun@ter2@host', 'https://***@host'],
    ['two URLs', 'https://u:a@x to https://u:b@y', 'https://***@x to https://***@y'],
    ['a signature in a query', 'https://x/a?X-Amz-Signature=ab12&b=1', 'https://x/a?X-Amz-Signature=***&b=1'],
    ['a header', 'authorization: Bearer abcdefghijklmnop1', 'authorization: Bearer ***'],
    ['no secret', 'https://x/@scope/a?tag=1#b@c', 'https://x/@scope/a?tag=1#b@c'],
    ['an image', 'fiaas/fdd@sha256:0123', 'fiaas/fdd@sha256:0123'],
  ])('removes %s from a text', (_what, text, shown) => {
    expect(hideSecrets(text)).toBe(shown);
  });

  test('removes a known secret in every form, and ignores short ones', () => {
    rememberSecret('pa"ss/wörd');
    rememberSecret('abc');

    const shown = hideSecrets(
      JSON.stringify([
        'pa"ss/wörd',
        encodeURIComponent('pa"ss/wörd'),
        Buffer.from('pa"ss/wörd').toString('base64'),
        'abc',
      ]),
    );

    expect(JSON.parse(shown)).toEqual(['***', '***', '***', 'abc']);
  });

  test('removes a known secret from JSON within JSON', () => {
    const password = String.raw`pl"an\\ted`;
    rememberSecret(password);

    const nested = JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ password }) }) });

    expect(hideSecrets(nested)).not.toMatch(/pl|ted/);
  });

  test('is fast for a long text without secrets', () => {
    const started = performance.now();

    hideSecrets('://'.repeat(100_000));
    hideSecrets('a'.repeat(1_000_000));
    hideSecrets('?'.repeat(300_000));
    hideSecrets(`?${'token'.repeat(100_000)}`);

    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('is applied to every error shown to people', () => {
    const error = new SkipperError('forbidden', 'no https://u:hunter2@x', {
      details: ['https://u:hunter2@x'],
    });
    const unexpected = toError(new TypeError('https://u:hunter2@x'));

    const seen = [error.message, error.stack, ...error.details, unexpected.message, unexpected.stack];

    expect(seen.join()).not.toContain('hunter2');
    expect(unexpected.name).toBe('TypeError');
    expect(messageOf(new Error('a', { cause: new Error('https://u:hunter2@x') }))).toBe('a: https://***@x');
  });
});
