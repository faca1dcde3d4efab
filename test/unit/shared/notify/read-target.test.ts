import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Receiver } from '../../../../domain/notify/notify-config.ts';
import { readTarget } from '../../../../shared/notify/read-target.ts';
import { webhookKey } from '../../../../shared/notify/standard-webhooks.ts';

const OLD = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const NEW = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

function receiver(secrets: string): Receiver {
  const secretFile = join(mkdtempSync(join(tmpdir(), 'skipper-')), 'secret');
  writeFileSync(secretFile, secrets);
  return {
    name: 'hook',
    type: 'webhook',
    url: 'https://hook.example.com/',
    secretFile,
    events: ['quarantined'],
  };
}

test('each line of the file is a secret that signs, so a receiver can verify with the old or the new one', async () => {
  const { key } = await readTarget(receiver(`${OLD}\n\n ${NEW}\r\n`));
  const headers = key?.headersFor({ id: 'msg_1', at: Date.now(), body: '{}' }) ?? {};

  expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
  expect(webhookKey(OLD).whyRefused('{}', headers)).toBeUndefined();
  expect(webhookKey(NEW).whyRefused('{}', headers)).toBeUndefined();
  expect(webhookKey('another secret').whyRefused('{}', headers)).toEqual(expect.any(String));
});

test('a wrong secret is an error with the file, and without the secret', async () => {
  await expect(readTarget(receiver(`${OLD}\nwhsec_not-base64`))).rejects.toThrow(
    /^secretFile .*: the secret begins with whsec_, but the rest is not base64$/,
  );
});
