import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({}, async (opened) => {
  await opened.startApi();
});

const logsOf = (namespace: string) => world.http(`/api/namespaces/${namespace}/logs`);

describe('the logs of a namespace', () => {
  test('need a worker, since the API may not read them', async () => {
    await world.addNamespace('alone', { fdd: OLD });

    const { status, body, headers } = await logsOf('alone');

    expect(status).toBe(503);
    expect(body).toMatchObject({ code: 'logs_unavailable', detail: expect.stringMatching(/no worker/) });
    expect(headers.get('retry-after')).toBe('2');
  });

  describe('with a worker', () => {
    test('show what a crash-looping FDD wrote before it crashed, without secrets', async () => {
      const worker = await world.startWorker();
      const lines = ['cannot reach https://user:hunter22@registry.example', 'the last words'];
      await world.addNamespace('crashing', { fdd: OLD });
      world.fdds.misbehaviour.set('crashing', { kind: 'crash-loop', lines });

      const crashed = await until(async () => {
        const { body } = await logsOf('crashing');
        return body.logs?.find((log: Raw) => log.isPrevious && log.text.includes('words'));
      }, 'the log of a crashed container');

      expect(crashed).toMatchObject({ container: FDD, pod: expect.stringContaining(FDD) });
      expect(crashed.text).toMatch(/https:\/\/\*\*\*@registry.example.*the last words/s);
      await worker.stop();
    });

    test('show what runs, and stay in Redis no longer than they are read', async () => {
      const worker = await world.startWorker();
      await world.addNamespace('running');
      expect(await world.deployed('running')).toMatchObject({ state: 'completed', version: NEW });

      // A busy worker can be too late for an answer.
      const { body } = await until(async () => {
        const answer = await logsOf('running');
        return answer.status === 200 && answer;
      }, 'the logs are read');

      expect(body.logs).toMatchObject([{ container: FDD, isPrevious: false }]);
      expect(body.logs[0].text).not.toBe('');
      expect(body.logs[0].problem).toBeUndefined();
      const redis = new Redis(world.redis.url);
      expect(await redis.keys('{skipper}:logs:[0-9]*')).toEqual([]);
      redis.disconnect();
      await worker.stop();
    });
  });

  test('are those of FIAAS namespaces only', async () => {
    await world.addNamespace('foreign', { configMap: null });

    expect((await logsOf('foreign')).status).toBe(404);
    expect((await logsOf('nowhere')).status).toBe(404);
  });
});
