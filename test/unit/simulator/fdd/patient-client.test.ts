import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { SkipperError } from '../../../../domain/errors.ts';
import type { KubernetesClient } from '../../../../shared/kubernetes/client.ts';
import { CONFIG_MAPS } from '../../../../shared/kubernetes/resources.ts';
import { patientClient } from '../../../../simulator/fdd/patient-client.ts';

const OUTAGE_MS = 600_000;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** A client of an API server that is down for ten minutes. */
function clientInOutage(): KubernetesClient {
  const end = Date.now() + OUTAGE_MS;
  const get = async () => {
    if (Date.now() < end) throw new SkipperError('cluster_unavailable', 'connection refused');
    return { found: true };
  };
  return { get } as unknown as KubernetesClient;
}

test('retries until the API server answers, however long that takes', async () => {
  const client = patientClient(clientInOutage(), new AbortController().signal);
  const answer = client.get(CONFIG_MAPS, { namespace: 'team-a', name: 'any' });

  await jest.advanceTimersByTimeAsync(OUTAGE_MS + 5_000);

  expect(await answer).toEqual({ found: true });
});

test('gives up when it is stopped', async () => {
  const stopping = new AbortController();
  const client = patientClient(clientInOutage(), stopping.signal);
  const answer = client.get(CONFIG_MAPS, { namespace: 'team-a', name: 'any' }).catch(String);
  await jest.advanceTimersByTimeAsync(5_000);

  stopping.abort();

  expect(await answer).toContain('connection refused');
});
