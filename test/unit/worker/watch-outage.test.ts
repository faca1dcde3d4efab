import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { SkipperError } from '../../../domain/errors.ts';
import { classifyRefusal } from '../../../shared/kubernetes/classify-error.ts';
import { watchOutage } from '../../../worker/watch-outage.ts';
import { silentLog } from '../../support/builders.ts';
import { until } from '../../support/until.ts';

const REQUEST = { method: 'GET', path: '/readyz' };
const UNREACHABLE = new SkipperError('cluster_unavailable', 'ECONNREFUSED');

/** A worker and an API server with the given response; `undefined` means ready. */
function aWorker(answer: Error | undefined) {
  const server = { answer, requests: 0 };
  const journal: string[] = [];
  const outage = watchOutage({
    client: {
      requestText: async () => {
        server.requests += 1;
        await pause(1);
        if (server.answer) throw server.answer;
        return 'ok';
      },
    },
    rest: async () => void journal.push('rest'),
    resume: async () => void journal.push('resume'),
    publish: async (reason) => void journal.push(`publish ${reason}`),
    log: silentLog,
    probeEveryMs: 5,
    resumeSpreadMs: 5,
  });
  return { server, journal, outage };
}

describe('watchOutage', () => {
  test.each([
    ['is ready', undefined],
    ['forbids the request', classifyRefusal(REQUEST, 403, '')],
    ['does not know the path', classifyRefusal(REQUEST, 404, '')],
    ['limits the rate', classifyRefusal(REQUEST, 429, '')],
  ])('keeps working if the API server %s', async (_how, answer) => {
    const { outage, journal } = aWorker(answer);

    expect(await outage.check()).toBeUndefined();
    outage.stop();
    expect([outage.current(), journal]).toEqual([undefined, []]);
  });

  test.each([
    ['cannot be reached', UNREACHABLE],
    ['rejects the credentials', classifyRefusal(REQUEST, 401, 'Unauthorized')],
    ['is not ready', classifyRefusal(REQUEST, 500, '[-]etcd failed')],
    ['is missing behind its load balancer', classifyRefusal(REQUEST, 503, '')],
  ])('rests while the API server %s', async (_how, answer) => {
    const { outage, journal } = aWorker(answer);

    const reason = await outage.check();
    outage.stop();

    expect(reason).toContain(answer.message);
    expect(outage.current()).toBe(reason);
    expect(journal[0]).toBe('rest');
  });

  test('sends one request and rests once, even if many attempts fail together', async () => {
    const { outage, server, journal } = aWorker(UNREACHABLE);

    await Promise.all(Array.from({ length: 50 }, () => outage.check()));
    const requests = server.requests;
    outage.stop();

    expect(requests).toBe(1);
    expect(journal.filter((entry) => entry === 'rest')).toHaveLength(1);
  });

  test('resumes when the API server is back, and rests again at the next outage', async () => {
    const { outage, server, journal } = aWorker(UNREACHABLE);
    await outage.check();
    await pause(30);
    await until(() => journal.length > 1, 'it is published');
    const during = [...journal];
    server.answer = undefined;
    await until(() => journal.includes('resume'), 'it resumes');

    expect(new Set(during)).toEqual(new Set(['rest', 'publish ECONNREFUSED']));
    expect(journal.slice(-2)).toEqual(['publish undefined', 'resume']);
    expect(outage.current()).toBeUndefined();
    server.answer = UNREACHABLE;
    expect(await outage.check()).toBe('ECONNREFUSED');
    outage.stop();
  });

  test('does not resume after the worker has stopped', async () => {
    const { outage, server, journal } = aWorker(UNREACHABLE);
    await outage.check();
    outage.stop();
    server.answer = undefined;
    await pause(30);

    expect(journal).not.toContain('resume');
  });
});
