import { describe, expect, test } from '@jest/globals';
import type { ApplicationEvent } from '../../../domain/audit/application-event.ts';
import { KubernetesError } from '../../../shared/kubernetes/classify-error.ts';
import type { KubernetesClient } from '../../../shared/kubernetes/client.ts';
import type { KubernetesRequest } from '../../../shared/kubernetes/send-request.ts';
import { publishEvents } from '../../../worker/publish-events.ts';
import { anApplication, aSettledSnapshot, silentLog } from '../../support/builders.ts';
import { until } from '../../support/until.ts';

const EVENT: ApplicationEvent = { namespace: 'a', reason: 'Deployed', note: 'updated v2', cause: 'v2' };

function refused(httpStatus: number) {
  return new KubernetesError('conflict', `${httpStatus}`, { httpStatus, status: {} });
}

/** An API server with Events, by path. */
function open({ denied = false, hasUid = true, burst = 100, perSecond = 100 } = {}) {
  const events = new Map<string, { series?: { count: number } }>();
  const requests: KubernetesRequest[] = [];
  const answer = async (request: KubernetesRequest) => {
    requests.push(request);
    if (denied) throw refused(403);
    const body = request.body as { metadata?: { name: string } };
    const path = request.method === 'POST' ? `${request.path}/${body.metadata?.name}` : request.path;
    const known = events.get(path);
    if (request.method === 'POST' && known) throw refused(409);
    if (request.method === 'PATCH' && !known) throw refused(404);
    const event = { ...known, ...(request.body as object) };
    events.set(path, event);
    return event;
  };
  const publisher = () =>
    publishEvents({
      client: { request: answer as KubernetesClient['request'] },
      cluster: {
        snapshot: () => aSettledSnapshot({ application: anApplication(hasUid ? { uid: 'u-1' } : {}) }),
      },
      log: silentLog,
      burst,
      perSecond,
    });
  return {
    events,
    requests,
    publisher,
    counts: () => [...events.values()].map((each) => each.series?.count),
  };
}

describe('an Event', () => {
  test('that happens again is counted, also by another worker', async () => {
    const { publisher, counts, requests } = open();
    const [first, second] = [publisher(), publisher()];
    first.publish(EVENT);
    first.publish(EVENT);
    await until(() => counts()[0] === 2, 'it is counted');
    second.publish(EVENT);
    await until(() => counts()[0] === 3, 'the other worker counts it');
    first.publish({ ...EVENT, cause: 'v3' });
    await until(() => counts().length === 2, 'another cause is another Event');

    expect(requests.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST', 'PATCH', 'PATCH', 'POST']);
  });

  test('that Kubernetes has removed is written again', async () => {
    const { publisher, counts, events } = open();
    const events1 = publisher();
    events1.publish(EVENT);
    await until(() => counts().length === 1, 'it is written');
    events.clear();
    events1.publish(EVENT);
    await until(() => counts().length === 1, 'it is written again');

    expect(counts()).toEqual([undefined]);
  });

  test('is not written without the uid of the Application', async () => {
    const { publisher, requests } = open({ hasUid: false });
    publisher().publish(EVENT);
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(requests).toEqual([]);
  });
});

describe('Events', () => {
  test('are not tried again for a while after a denial', async () => {
    const { publisher, requests } = open({ denied: true });
    const events = publisher();
    for (let count = 0; count < 5; count += 1) events.publish({ ...EVENT, cause: `v${count}` });
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(requests).toHaveLength(1);
    expect(requests[0]?.retryForbidden).toBe(false);
  });

  test('are limited: a burst at once, the rest later', async () => {
    const { publisher, requests } = open({ burst: 3, perSecond: 50 });
    const events = publisher();
    const began = Date.now();
    for (let count = 0; count < 8; count += 1) events.publish({ ...EVENT, cause: `v${count}` });
    await until(() => requests.length === 8, 'all are written');

    expect(Date.now() - began).toBeGreaterThanOrEqual(80);
  });

  test('that nobody can write in time are dropped, the oldest first', async () => {
    const { publisher, requests } = open({ burst: 1, perSecond: 0.001 });
    const events = publisher();
    for (let count = 0; count < 1_500; count += 1) events.publish({ ...EVENT, cause: `v${count}` });
    events.stop();

    expect(requests.length).toBeLessThanOrEqual(1);
  });
});
