import { describe, expect, test } from '@jest/globals';
import { readObjects, showObjects } from '../../../../api/namespace-details/read-objects.ts';
import type { KubernetesClient } from '../../../../shared/kubernetes/client.ts';
import type { KubernetesRequest } from '../../../../shared/kubernetes/send-request.ts';
import { NAMESPACE } from '../../../support/builders.ts';
import { aRefusedRequest } from '../../../support/fake-cluster.ts';

/** A client that returns a list by the plural of its kind; an Error is thrown, other kinds are empty. */
function aClient(answers: Readonly<Record<string, unknown>>) {
  const requests: KubernetesRequest[] = [];
  const request = async (call: KubernetesRequest) => {
    requests.push(call);
    const answer = answers[call.path.split('/').at(-1) ?? ''] ?? { items: [] };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { client: { request } as unknown as KubernetesClient, requests };
}

async function show(answers: Readonly<Record<string, unknown>>) {
  return showObjects(await readObjects(aClient(answers).client, NAMESPACE));
}

describe('reading the objects of a namespace', () => {
  test('only lists in the namespace, only objects of FDD, and no Secrets', async () => {
    const { client, requests } = aClient({});

    await readObjects(client, NAMESPACE, 'my-config');

    expect(requests.map(({ method, path, query }) => [method, path, query])).toEqual([
      ['GET', `/api/v1/namespaces/${NAMESPACE}/configmaps`, { fieldSelector: 'metadata.name=my-config' }],
      [
        'GET',
        `/apis/fiaas.schibsted.io/v1/namespaces/${NAMESPACE}/applications`,
        { fieldSelector: 'metadata.name=fiaas-deploy-daemon' },
      ],
      [
        'GET',
        `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`,
        { fieldSelector: 'metadata.name=fiaas-deploy-daemon' },
      ],
      [
        'GET',
        `/apis/fiaas.schibsted.io/v1/namespaces/${NAMESPACE}/application-statuses`,
        { labelSelector: 'app=fiaas-deploy-daemon' },
      ],
      [
        'GET',
        `/api/v1/namespaces/${NAMESPACE}/pods`,
        { labelSelector: 'app in (fiaas-deploy-daemon,fiaas-deploy-daemon-bootstrap)' },
      ],
      ['GET', `/api/v1/namespaces/${NAMESPACE}/events`, { limit: 200 }],
    ]);
    expect(requests.every(({ retryForbidden }) => retryForbidden === false)).toBe(true);
  });

  test('reports the error of each kind that cannot be listed, and shows the others', async () => {
    const shown = await show({
      configmaps: { items: [{ metadata: { name: 'fiaas-deploy-daemon' }, data: { tag: 'stable' } }] },
      deployments: aRefusedRequest(403, 'forbidden'),
      pods: aRefusedRequest(500, 'cluster_unavailable'),
    });

    expect(shown.map(({ kind, problem }) => [kind, problem])).toEqual([
      ['ConfigMap', undefined],
      ['Application', 'not found'],
      ['Deployment', 'Skipper is not allowed to read it: refused with 403'],
      ['ApplicationStatus', 'not found'],
      ['Pod', 'refused with 500'],
      ['Events', 'none found'],
    ]);
    expect(shown[0]?.yaml).toBe(
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fiaas-deploy-daemon\ndata:\n  tag: stable\n',
    );
  });

  test("leaves out managedFields and kubectl's last-applied copy", async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' };
    const metadata = { name: 'x', managedFields: [{ manager: 'me' }] };

    const [first, second] = await show({
      configmaps: { items: [{ metadata: { ...metadata, annotations } }] },
      applications: {
        items: [{ metadata: { ...metadata, annotations: { ...annotations, kept: undefined } } }],
      },
    });

    expect(first?.yaml).toContain('kept: yes');
    expect(`${first?.yaml}${second?.yaml}`).not.toMatch(/managedFields|last-applied/);
  });

  test('shows only the newest of many objects, and events as lines', async () => {
    const pods = Array.from({ length: 30 }, (_, index) => ({
      metadata: {
        name: `pod-${index}`,
        creationTimestamp: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`,
      },
    }));
    const event = (name: string, lastTimestamp: string, count: number) => ({
      metadata: { name: `${name}.1` },
      type: 'Warning',
      reason: 'BackOff',
      message: 'no',
      count,
      lastTimestamp,
      involvedObject: { kind: 'Pod', name },
    });

    const shown = await show({
      pods: { items: pods },
      events: {
        items: [
          event('fiaas-deploy-daemon-1', '2026-01-01T00:00:01Z', 1),
          event('fiaas-deploy-daemon-2', '2026-01-01T00:00:02Z', 3),
          event('somebody-elses', '2026-01-01T00:00:03Z', 1),
        ],
      },
    });

    const names = shown.filter(({ kind }) => kind === 'Pod').map(({ name }) => name);
    expect(names[0]).toBe('pod-29');
    expect(names.length).toBeLessThan(20);
    expect(shown.at(-1)?.yaml.split('\n')).toEqual([
      '2026-01-01T00:00:02Z  Warning  BackOff  Pod/fiaas-deploy-daemon-2  no (3 times)',
      '2026-01-01T00:00:01Z  Warning  BackOff  Pod/fiaas-deploy-daemon-1  no',
    ]);
  });
});
