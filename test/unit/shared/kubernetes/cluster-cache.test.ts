import { afterEach, describe, expect, test } from '@jest/globals';
import type { KubernetesClient } from '../../../../shared/kubernetes/client.ts';
import { type ClusterCache, watchCluster } from '../../../../shared/kubernetes/cluster-cache.ts';
import type { KubernetesRequest } from '../../../../shared/kubernetes/send-request.ts';
import { aConfigMap, IMAGE, silentLog } from '../../../support/builders.ts';
import { until } from '../../../support/until.ts';

const NAME = 'fiaas-deploy-daemon';
const LABELLED = { app: NAME };
const GOOD = { 'cluster_config.yaml': '{}' };

let cluster: ClusterCache | undefined;

afterEach(async () => {
  await cluster?.stop();
});

type FakeObject = { metadata: { name: string; namespace?: string; labels?: object } };

/** A cluster of lists and one stream per watch, which selects by name and by label like an API server. */
function open(objects: Readonly<Record<string, readonly FakeObject[]>>) {
  const streams = new Map<string, (line: string) => void>();
  const keyOf = ({ path, query }: KubernetesRequest) =>
    `${path.split('/').at(-1)} ${query?.fieldSelector ?? query?.labelSelector}`;
  const client = {
    request: async (request: KubernetesRequest) => ({
      metadata: { resourceVersion: '10' },
      items: (objects[request.path.split('/').at(-1) ?? ''] ?? []).filter((object) =>
        selects(request, object),
      ),
    }),
    stream: async (request: KubernetesRequest) => {
      const queue: Buffer[] = [];
      let wake: () => void = () => undefined;
      streams.set(keyOf(request), (line) => {
        queue.push(Buffer.from(`${line}\n`));
        wake();
      });
      request.signal?.addEventListener('abort', () => wake());
      return (async function* () {
        for (;;) {
          request.signal?.throwIfAborted();
          const chunk = queue.shift();
          if (chunk) yield chunk;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      })();
    },
  } as unknown as KubernetesClient;
  const opened = watchCluster({ client, log: silentLog });
  cluster = opened;
  const send = async (watch: string, type: string, object: object) => {
    await until(() => streams.has(watch), `the watch "${watch}" is open: ${[...streams.keys()].join(', ')}`);
    streams.get(watch)?.(JSON.stringify({ type, object }));
  };
  return { cluster: opened, send };
}

function selects({ query }: KubernetesRequest, { metadata }: FakeObject): boolean {
  if (query?.fieldSelector !== undefined) return query.fieldSelector === `metadata.name=${metadata.name}`;
  return metadata.labels !== undefined;
}

function labelled(name: string, namespace: string, data: Record<string, string> = GOOD) {
  const configMap = aConfigMap(data, { name, namespace });
  return { ...configMap, metadata: { ...configMap.metadata, labels: LABELLED } };
}

describe('watchCluster', () => {
  test('acceptance 1: finds a namespace by name and by label, once', async () => {
    const { cluster: seen } = open({
      configmaps: [
        aConfigMap(GOOD, { namespace: 'by-name' }),
        labelled('anything', 'by-label'),
        labelled(NAME, 'by-both'),
        labelled('second', 'by-both'),
        aConfigMap(GOOD, { name: 'other', namespace: 'neither' }),
      ],
    });

    await seen.synced();

    expect(seen.namespaces()).toEqual(['by-both', 'by-label', 'by-name']);
  });

  test('acceptance 1: prefers the ConfigMap by name to one by label, and uses the first of several', async () => {
    const { cluster: seen } = open({
      configmaps: [
        labelled('aaa', 'both', { ...GOOD, tag: 'labelled' }),
        labelled(NAME, 'both', { ...GOOD, tag: 'named' }),
        labelled('zzz', 'several', { ...GOOD, tag: 'last' }),
        labelled('bbb', 'several', { ...GOOD, tag: 'first' }),
      ],
    });

    await seen.synced();

    const tags = ['both', 'several'].map((namespace) => seen.snapshot(namespace).config);
    expect(tags).toMatchObject([{ value: { tag: 'named' } }, { value: { tag: 'first' } }]);
  });

  test('acceptance 2: marks only the malformed namespace', async () => {
    const { cluster: seen } = open({
      configmaps: [
        aConfigMap({ 'cluster_config.yaml': 'a: [' }, { namespace: 'bad' }),
        aConfigMap(undefined, { namespace: 'empty' }),
        aConfigMap(GOOD, { namespace: 'good' }),
      ],
    });

    await seen.synced();

    expect(seen.namespaces().map((each) => [each, seen.snapshot(each).config?.ok])).toEqual([
      ['bad', false],
      ['empty', false],
      ['good', true],
    ]);
  });

  test('joins the objects of a namespace, and distinguishes the bootstrap pod from the others', async () => {
    const inNamespace = (name: string, rest: object = {}) => ({
      metadata: { name, namespace: 'a', labels: LABELLED },
      ...rest,
    });
    const { cluster: seen } = open({
      configmaps: [aConfigMap(GOOD, { namespace: 'a' })],
      applications: [inNamespace(NAME, { spec: { image: IMAGE } })],
      deployments: [inNamespace(NAME, { spec: {} }), inNamespace('another-app')],
      'application-statuses': [inNamespace(`${NAME}-x`, { result: 'SUCCESS' })],
      pods: [inNamespace(`${NAME}-1`), inNamespace(`${NAME}-bootstrap`)],
    });

    await seen.synced();

    expect(seen.snapshot('a')).toMatchObject({
      application: { image: IMAGE },
      deployment: { replicas: 1 },
      statuses: [{ result: 'SUCCESS' }],
      pods: [{ name: `${NAME}-1` }],
      bootstrapPod: { name: `${NAME}-bootstrap` },
    });
    expect(seen.isSynced()).toBe(true);
    expect(seen.deploymentsPosition()).toBe('10');
  });

  test('reports changes to listeners of the namespace, and drops deleted objects', async () => {
    const { cluster: seen, send } = open({ configmaps: [aConfigMap(GOOD, { namespace: 'a' })] });
    await seen.synced();
    const reported: string[] = [];
    seen.onChange('a', () => reported.push('a'));
    seen.onChange('b', () => reported.push('b'));

    await send(`configmaps metadata.name=${NAME}`, 'DELETED', aConfigMap(GOOD, { namespace: 'a' }));
    await until(() => reported.length > 0, 'the deletion is reported');

    expect(reported).toEqual(['a']);
    expect(seen.namespaces()).toEqual([]);
  });

  test('tracks the position of the watch of Deployments, including bookmarks', async () => {
    const { cluster: seen, send } = open({});
    await seen.synced();

    await send(`deployments metadata.name=${NAME}`, 'BOOKMARK', { metadata: { resourceVersion: '99' } });
    await until(() => seen.deploymentsPosition() === '99', 'the bookmark has arrived');

    expect(seen.deploymentsPosition()).toBe('99');
  });

  test('returns an empty snapshot for an unknown namespace', async () => {
    const { cluster: seen } = open({});

    expect(seen.snapshot('nowhere')).toMatchObject({ namespace: 'nowhere', config: undefined, statuses: [] });
  });
});
