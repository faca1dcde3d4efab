import { describe, expect, test } from '@jest/globals';
import {
  describeRedisFailure,
  explainRedisError,
  explainRedisInfo,
  isRedisRefusal,
} from '../../../shared/redis-problems.ts';

function explained(message: string) {
  return explainRedisError(new Error(message), '{skipper}');
}

describe('explainRedisError', () => {
  test.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", /^Redis is full .*raise its maxmemory/],
    ['Command timed out', /^Redis does not answer$/],
    ["NOPERM this user has no permissions to run the 'set' command", /lacks the right \+set:/],
    ["NOPERM User x has no permissions to run the 'client|list' command", /lacks the right \+client\|list:/],
    [
      'NOPERM this user has no permissions to access one of the channels used as arguments',
      /lacks the right &\{skipper\}:\*:/,
    ],
    ['NOPERM No permissions to access a key', /lacks the right ~\{skipper\}\*:/],
    ['MISCONF Redis is configured to save RDB snapshots', /^Redis refuses to write: MISCONF/],
  ])('%s', (message, text) => {
    expect(explained(message)).toMatchObject({ text: expect.stringMatching(text), blocks: true });
  });

  test('marks only a Redis that does not respond as silent', () => {
    expect(explained('Command timed out').isSilent).toBe(true);
    expect(explained('OOM command not allowed').isSilent).toBeUndefined();
  });
});

describe('describeRedisFailure', () => {
  const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });

  test.each([
    [
      reply("OOM command not allowed when used memory > 'maxmemory'."),
      /^Redis is full .*raise its maxmemory$/,
    ],
    [reply('NOPERM this user has no permissions'), /^Redis refused a command: NOPERM/],
    [new Error('Command timed out'), /^Redis did not answer: Command timed out$/],
    [new Error('Connection is closed.'), /^Redis did not answer: Connection is closed/],
  ])('says that Redis did not answer only if it did not: %s', (error, text) => {
    expect(describeRedisFailure(error)).toMatch(text);
  });
});

describe('explainRedisInfo', () => {
  test('requires an eviction policy that evicts nothing', () => {
    expect(explainRedisInfo('used_memory:1\r\nmaxmemory_policy:noeviction\r\n')).toEqual([]);
    expect(explainRedisInfo('used_memory:1\r\nmaxmemory_policy:allkeys-lru\r\n')).toEqual([
      { text: expect.stringMatching(/maxmemory-policy allkeys-lru.*set noeviction/), blocks: false },
    ]);
  });
});

describe('isRedisRefusal', () => {
  test.each([
    ['Command timed out', true],
    ['Connection is closed.', true],
    ["Stream isn't writeable and enableOfflineQueue options is false", true],
    ['OOM command not allowed', true],
    ['MISCONF Redis cannot save', true],
    ['x is not a function', false],
  ])('"%s": %s', (message, isRefusal) => {
    expect(isRedisRefusal(new Error(message))).toBe(isRefusal);
  });
});
