import { describe, expect, test } from '@jest/globals';
import { rememberSecret } from '../../../domain/hide-secrets.ts';
import type { KubernetesRequest } from '../../../shared/kubernetes/send-request.ts';
import { readNamespaceLogs } from '../../../worker/read-namespace-logs.ts';
import { aPod, NAMESPACE } from '../../support/builders.ts';
import { createFakeClient } from '../../support/fake-cluster.ts';
import { createFakeCluster } from '../../support/fake-core.ts';

/** Logs by `pod`, or `pod previous`; an Error is thrown. */
function open(logs: Readonly<Record<string, string | Error>>, pods = [aPod({ name: 'fdd', restarts: 1 })]) {
  const asked: KubernetesRequest[] = [];
  const stream = async (request: KubernetesRequest): Promise<AsyncIterable<Buffer>> => {
    asked.push(request);
    const pod = request.path.split('/').at(-2) ?? '';
    const found = logs[request.query?.previous ? `${pod} previous` : pod] ?? '';
    if (found instanceof Error) throw found;
    return (async function* () {
      yield Buffer.from(found);
    })();
  };
  const sources = {
    client: { ...createFakeClient(), stream },
    cluster: createFakeCluster({ [NAMESPACE]: { pods } }),
  };
  return { asked, read: () => readNamespaceLogs(sources, NAMESPACE) };
}

describe('the logs of a namespace', () => {
  test('are those of before the crash and of now, the last 100 lines of each', async () => {
    const { read, asked } = open({ 'fdd previous': 'crashed\n', fdd: 'starts\n' });

    const container = 'fiaas-deploy-daemon';
    expect(await read()).toEqual([
      { pod: 'fdd', container, isPrevious: true, text: 'crashed' },
      { pod: 'fdd', container, isPrevious: false, text: 'starts' },
    ]);
    expect(asked.map(({ path, query }) => [path, query])).toEqual([
      [`/api/v1/namespaces/${NAMESPACE}/pods/fdd/log`, { container, tailLines: 100, previous: true }],
      [`/api/v1/namespaces/${NAMESPACE}/pods/fdd/log`, { container, tailLines: 100 }],
    ]);
    expect(asked.every(({ signal, retryForbidden }) => signal && retryForbidden === false)).toBe(true);
  });

  test('are at most 64 KiB each, from the end', async () => {
    const { read } = open({ fdd: `begin${'x'.repeat(300_000)}end` }, [aPod({ name: 'fdd' })]);

    const [log] = await read();

    expect(log?.text).toHaveLength(64 * 1024);
    expect(log?.text).toMatch(/xend$/);
  });

  test('contain no secret, and are plain where FDD logs JSON', async () => {
    rememberSecret('canary-of-logs');
    const json = JSON.stringify({ '@timestamp': '2026-11-28', level: 'ERROR', message: 'no' });
    const { read } = open({ fdd: `GET https://user:hunter22@host/\ncanary-of-logs\n${json}` }, [
      aPod({ name: 'fdd' }),
    ]);

    const [log] = await read();

    expect(log?.text).not.toMatch(/hunter22|canary|"level"/);
    expect(log?.text).toContain('https://***@host/');
    expect(log?.text).toContain('ERROR');
  });

  test('name what cannot be read, beside what can', async () => {
    const { read } = open({ 'fdd previous': new Error('container not found'), fdd: 'starts' });

    expect(await read()).toMatchObject([
      { isPrevious: true, text: '', problem: 'container not found' },
      { isPrevious: false, text: 'starts' },
    ]);
  });

  test('show a log once where the kubelet gives the crashed one for both', async () => {
    const { read } = open({ 'fdd previous': 'crashed', fdd: 'crashed' });

    expect(await read()).toMatchObject([{ isPrevious: true, text: 'crashed' }]);
  });
});
