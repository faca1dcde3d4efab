import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { webhookKey } from '../../../../shared/notify/standard-webhooks.ts';

/** The vector in the test suites of all libraries of Standard Webhooks. */
const VECTOR = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  at: 1_614_265_330_000,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

describe('webhookKey', () => {
  test('signs the vector of the specification', () => {
    expect(webhookKey(VECTOR.secret).headersFor(VECTOR)).toEqual({
      'webhook-id': VECTOR.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': VECTOR.signature,
    });
  });

  test('does not need the prefix', () => {
    const headers = webhookKey(VECTOR.secret.replace('whsec_', '')).headersFor(VECTOR);

    expect(headers['webhook-signature']).toBe(VECTOR.signature);
  });

  test('uses what is not base64 as it is', () => {
    const raw = createHmac('sha256', 'a plain secret!').update('id.1.{}').digest('base64');
    const headers = webhookKey('a plain secret!').headersFor({ id: 'id', at: 1_000, body: '{}' });

    expect(headers['webhook-signature']).toBe(`v1,${raw}`);
  });

  test.each([
    ['', /empty/],
    ['whsec_', /empty/],
    ['whsec_planted!', /not base64$/],
  ])('refuses %j, without repeating it', (secret, expected) => {
    expect(() => webhookKey(secret)).toThrow(expected);
    if (secret.length > 6) expect(() => webhookKey(secret)).not.toThrow(secret.slice(6));
  });

  describe('verifies', () => {
    const key = webhookKey(VECTOR.secret);
    const sent = (at: number) => key.headersFor({ id: 'msg_1', at, body: '{}' });

    test('what it has signed, among other signatures', () => {
      const headers = sent(Date.now());
      const rotated = { ...headers, 'webhook-signature': `v1,AAAA v1a,x ${headers['webhook-signature']}` };

      expect(key.whyRefused('{}', headers)).toBeUndefined();
      expect(key.whyRefused('{}', rotated)).toBeUndefined();
    });

    test.each([
      ['another body', '{"a":1}', {}],
      ['another id', '{}', { 'webhook-id': 'msg_2' }],
      ['another signature', '{}', { 'webhook-signature': 'v1,AAAA' }],
      ['a signature without a version', '{}', { 'webhook-signature': 'v1' }],
      ['a time that is not a number', '{}', { 'webhook-timestamp': 'now' }],
      ['no time', '{}', { 'webhook-timestamp': '' }],
    ])('not %s', (_what, body, changed) => {
      expect(key.whyRefused(body, { ...sent(Date.now()), ...changed })).toEqual(expect.any(String));
    });

    test.each([-301, 302])('not at %i s from now', (seconds) => {
      expect(key.whyRefused('{}', sent(Date.now() + seconds * 1000))).toMatch(/timestamp too (old|new)/);
    });
  });
});
