import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { createKubernetesClient, type KubernetesClient } from '../../shared/kubernetes/client.ts';
import {
  APPLICATION_STATUSES,
  APPLICATIONS,
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  DEPLOYMENTS,
  NAMESPACES,
  PODS,
  pathOf,
  type Resource,
} from '../../shared/kubernetes/resources.ts';
import { startWatch } from '../../shared/kubernetes/watch.ts';
import { pause } from '../../shared/pause.ts';
import { startChannelServer } from '../../simulator/channel-server.ts';
import { unknownArguments } from '../../simulator/fdd/bootstrap-arguments.ts';
import type {
  Application,
  ApplicationStatus,
  Deployment,
  ObjectMeta,
  Pod,
} from '../../simulator/fdd/kubernetes-objects.ts';
import {
  type SimulatedFdds,
  type SimulatedFddsOptions,
  startSimulatedFdds,
} from '../../simulator/fdd/start-simulated-fdds.ts';
import { statusName } from '../../simulator/fdd/status-name.ts';
import { startKubernetesApi } from '../../simulator/kubernetes-api/kubernetes-api.ts';
import { UNTIL_TIMEOUT_MS } from '../support/until.ts';

const FDD = 'fiaas-deploy-daemon';
const BOOTSTRAP = 'fiaas-deploy-daemon-bootstrap';
const OLD_VERSION = '20190215094822-2ace0ea';
const NEW_VERSION = '20220808113256-eef68a8';
const OLD = `fiaas/${FDD}:${OLD_VERSION}`;
const NEW = `fiaas/${FDD}:${NEW_VERSION}`;
const CLUSTER_CONFIG = 'log-format: json\nenvironment: test\n';

describe('bootstrap', () => {
  test('reports INITIATED and RUNNING, writes the Deployment, and reports SUCCESS before FDD is available', async () => {
    await withCluster({}, async ({ client, namespace, history }) => {
      await createApplication(client, namespace, { image: OLD });
      await createBootstrapPod(client, namespace, { image: OLD });
      await eventually(async () => expect(await podPhase(client, namespace, BOOTSTRAP)).toBe('Succeeded'));

      await eventually(async () =>
        expect(summary(history)).toEqual([
          'status INITIATED',
          'status RUNNING',
          'deployment 1 by ""',
          'status SUCCESS',
          'available 1',
        ]),
      );
    });
  });

  test('deploys FDD with defaults, since its pod does not mount the ConfigMap', async () => {
    await withCluster({}, async ({ client, namespace }) => {
      await createApplication(client, namespace, { image: OLD });
      await createBootstrapPod(client, namespace, { image: OLD });

      const deployment = await eventually(async () => present(await readDeployment(client, namespace)));
      expect(environmentOf(deployment)).toEqual({ LOG_FORMAT: 'plain' });
    });
  });

  test('deploys with the configuration that its pod mounts', async () => {
    await withCluster({}, async ({ client, namespace }) => {
      await createApplication(client, namespace, { image: OLD });
      await createBootstrapPod(client, namespace, { image: OLD, mountsConfig: true });

      const deployment = await eventually(async () => present(await readDeployment(client, namespace)));
      expect(environmentOf(deployment)).toEqual({ LOG_FORMAT: 'json', FIAAS_ENVIRONMENT: 'test' });
    });
  });

  test('keeps running after FDD is available, until its next poll', async () => {
    await withCluster({ delays: { bootstrapPollMs: 60_000 } }, async ({ client, namespace }) => {
      await createApplication(client, namespace, { image: OLD });
      await createBootstrapPod(client, namespace, { image: OLD });
      await eventually(async () => expect(await available(client, namespace)).toBe(1));

      expect(await podPhase(client, namespace, BOOTSTRAP)).toBe('Running');
    });
  });

  test('rejects an argument that its image is too old for, with exit code 2', async () => {
    await withCluster({}, async ({ client, namespace }) => {
      await createApplication(client, namespace, { image: OLD });
      const args = ['--enable-crd-support', '--use-networkingv1-ingress'];
      await createBootstrapPod(client, namespace, { image: OLD, args });
      await eventually(async () => expect(await podPhase(client, namespace, BOOTSTRAP)).toBe('Failed'));

      expect(await exitCode(client, namespace, BOOTSTRAP)).toBe(2);
      expect(await podLog(client, namespace, BOOTSTRAP, { tailLines: 1 })).toBe(
        `${BOOTSTRAP}: error: unrecognized arguments: --use-networkingv1-ingress\n`,
      );
    });
  });

  test('exits with 1 without --enable-crd-support', async () => {
    await withCluster({}, async ({ client, namespace }) => {
      await createBootstrapPod(client, namespace, { image: NEW, args: [] });
      await eventually(async () => expect(await podPhase(client, namespace, BOOTSTRAP)).toBe('Failed'));

      expect(await exitCode(client, namespace, BOOTSTRAP)).toBe(1);
    });
  });

  test('succeeds with nothing to do', async () => {
    await withCluster({}, async ({ client, namespace }) => {
      await createBootstrapPod(client, namespace, { image: NEW });

      await eventually(async () => expect(await podPhase(client, namespace, BOOTSTRAP)).toBe('Succeeded'));
    });
  });

  test.each([
    ['20171230000000-abc', '--enable-service-account-per-app', true],
    ['20200901000000-abc', '--enable-service-account-per-app', false],
    ['20211031000000-abc', '--use-networkingv1-ingress', true],
    [NEW_VERSION, '--use-apiextensionsv1-crd', false],
    ['v1.10.0', '--use-apiextensionsv1-crd', false],
    ['v1.10.0', '--no-such-flag', true],
  ])('in version %s: %s is an unknown argument: %s', (version, argument, isUnknown) => {
    expect(unknownArguments(version, [argument])).toEqual(isUnknown ? [argument] : []);
  });
});

describe('update', () => {
  test('restarts FDD twice: the old one dies at RUNNING, the new one repeats everything', async () => {
    await withCluster({}, async ({ client, fdds, namespace, history }) => {
      await fdds.installFdd(namespace, { image: OLD });
      const id = await update(client, namespace, NEW);
      await eventually(async () => expect(await isRolledOut(client, namespace, id, NEW)).toBe(true));

      // The rollout of generation 2 continues while the new FDD works.
      const steps = () => summary(history, id).filter((line) => line !== 'available 2');
      await eventually(async () =>
        expect(steps()).toEqual([
          'status INITIATED',
          'status RUNNING',
          `deployment 2 by "${OLD_VERSION}"`,
          'status INITIATED',
          'status RUNNING',
          `deployment 3 by "${NEW_VERSION}"`,
          'status SUCCESS',
          'available 3',
        ]),
      );
      expect(podNames(history)).toHaveLength(3);
    });
  });

  test('leaves old numbers in the status of the Deployment at first: observedGeneration lags', async () => {
    await withCluster({ delays: { controllerMs: 100 } }, async ({ client, fdds, namespace, history }) => {
      await fdds.installFdd(namespace, { image: OLD });
      const id = await update(client, namespace, NEW);
      await eventually(async () => expect(await isRolledOut(client, namespace, id, NEW)).toBe(true));

      const written = deployments(history).find(({ metadata }) => metadata.generation === 2);
      expect(written?.status).toMatchObject({
        observedGeneration: 1,
        updatedReplicas: 1,
        availableReplicas: 1,
      });
      const rolling = deployments(history).find(({ status }) => status?.observedGeneration === 2);
      expect(rolling?.status).not.toHaveProperty('availableReplicas');
    });
  });

  test("carries FDD's labels, owner and names", async () => {
    await withCluster({}, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: OLD });
      const id = await update(client, namespace, NEW);
      await eventually(async () => expect(await isRolledOut(client, namespace, id, NEW)).toBe(true));

      const application = await readApplication(client, namespace);
      const status = await readStatus(client, namespace, id);
      expect(status).toMatchObject({
        metadata: {
          name: statusName(FDD, id),
          labels: { app: FDD, 'fiaas/deployment_id': id },
          ownerReferences: [{ kind: 'Application', uid: application.metadata.uid, controller: true }],
        },
        result: 'SUCCESS',
      });
      expect(status?.metadata.annotations?.['fiaas/last_updated']).toMatch(/^2.*\+00:00$/);
      const labels = {
        app: FDD,
        'fiaas/version': NEW_VERSION,
        'fiaas/deployment_id': id,
        'fiaas/deployed_by': NEW_VERSION,
      };
      const deployment = present(await readDeployment(client, namespace));
      expect(deployment.metadata.labels).toMatchObject(labels);
      expect(deployment.spec.template.metadata?.labels).toEqual({ ...labels, 'fiaas/status': 'active' });
    });
  });

  test('is skipped for an id that already succeeded', async () => {
    await withCluster({}, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: OLD });
      await patchApplication(client, namespace, { spec: { image: NEW } });
      await pause(100);

      expect((await readDeployment(client, namespace))?.metadata.generation).toBe(1);
      expect(await list(client, APPLICATION_STATUSES, namespace)).toHaveLength(1);
    });
  });

  test('keeps the last ten statuses', async () => {
    await withCluster({}, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: NEW });
      const ids: string[] = [];
      for (let count = 0; count < 11; count += 1) {
        const id = await update(client, namespace, NEW);
        ids.push(id);
        await eventually(async () => expect(await isRolledOut(client, namespace, id, NEW)).toBe(true));
      }

      await eventually(async () => {
        const left = (await list<ApplicationStatus>(client, APPLICATION_STATUSES, namespace)).map(
          ({ metadata }) => metadata.labels?.['fiaas/deployment_id'],
        );
        expect(left.sort()).toEqual(ids.slice(1).sort());
      });
    });
  });

  test('with include-status-in-app: SUCCESS is in the Application, the ApplicationStatus stays RUNNING', async () => {
    const config = `${CLUSTER_CONFIG}include-status-in-app: true\n`;
    await withCluster({ config }, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: OLD });
      const id = await update(client, namespace, NEW);
      await eventually(async () => expect(await isObservedAndAvailable(client, namespace, id)).toBe(true));

      expect((await readApplication(client, namespace)).status).toMatchObject({
        result: 'SUCCESS',
        deployment_id: id,
        observedGeneration: 2,
      });
      expect((await readStatus(client, namespace, id))?.result).toBe('RUNNING');
    });
  });
});

describe('faults', () => {
  test('image pull failure: waits in ErrImagePull and ImagePullBackOff, and recovers', async () => {
    await withCluster({ delays: { backoffMs: 40 } }, async ({ client, fdds, namespace, history }) => {
      await fdds.installFdd(namespace, { image: OLD });
      fdds.misbehaviour.set(namespace, { kind: 'image-pull-failure' }, { version: NEW_VERSION });
      const id = await update(client, namespace, NEW);
      await eventually(async () => expect(waitingReasons(history)).toContain('ImagePullBackOff'));
      expect(waitingReasons(history)).toContain('ErrImagePull');
      expect((await readStatus(client, namespace, id))?.result).toBe('RUNNING');
      expect(await available(client, namespace)).toBe(0);

      fdds.misbehaviour.clear(namespace);
      await eventually(async () => expect(await isRolledOut(client, namespace, id, NEW)).toBe(true));
    });
  });

  test('crash loop: counts restarts, shows the log of the last one, and recovers', async () => {
    await withCluster({ delays: { backoffMs: 20 } }, async ({ client, fdds, namespace, history }) => {
      await fdds.installFdd(namespace, { image: OLD });
      const fault = { kind: 'crash-loop', exitCode: 3, lines: ['no such thing'] } as const;
      fdds.misbehaviour.set(namespace, fault, { version: NEW_VERSION });
      const id = await update(client, namespace, NEW);
      await eventually(async () => expect(waitingReasons(history)).toContain('CrashLoopBackOff'));
      const crashing = pods(history).findLast(({ status }) => status?.containerStatuses !== undefined);
      expect(crashing?.status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0);
      const log = await podLog(client, namespace, present(crashing).metadata.name, { previous: true });
      expect(log).toContain('no such thing');

      fdds.misbehaviour.clear(namespace);
      await eventually(async () => expect(await isRolledOut(client, namespace, id, NEW)).toBe(true));
    });
  });

  test('unschedulable: the pod waits without a node, with the reason of the scheduler, and recovers', async () => {
    await withCluster({ delays: { backoffMs: 20 } }, async ({ client, fdds, namespace, history }) => {
      await fdds.installFdd(namespace, { image: OLD });
      fdds.misbehaviour.set(namespace, { kind: 'unschedulable' }, { version: NEW_VERSION });
      const id = await update(client, namespace, NEW);
      const refused = await eventually(async () =>
        present(pods(history).find(({ status }) => status?.conditions?.[0]?.status === 'False')),
      );
      expect(refused.spec.nodeName).toBeUndefined();
      expect(refused.status).toMatchObject({
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            reason: 'Unschedulable',
            message: expect.stringMatching(/^0\/1 nodes are available: 1 Insufficient memory\. preemption: /),
          },
        ],
      });
      expect(refused.status?.containerStatuses).toBeUndefined();
      expect(await available(client, namespace)).toBe(0);

      fdds.misbehaviour.clear(namespace);
      await eventually(async () => expect(await isRolledOut(client, namespace, id, NEW)).toBe(true));
    });
  });

  test('hang: FDD never reports, the bootstrap never ends; both continue after the fault', async () => {
    await withCluster({}, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: OLD });
      fdds.misbehaviour.set(namespace, { kind: 'hang' });
      const id = await update(client, namespace, NEW);
      await createBootstrapPod(client, namespace, { image: NEW });
      await eventually(async () => expect(await podPhase(client, namespace, BOOTSTRAP)).toBe('Running'));
      await pause(100);
      expect(await readStatus(client, namespace, id)).toBeUndefined();
      expect(await podPhase(client, namespace, BOOTSTRAP)).toBe('Running');

      fdds.misbehaviour.clear(namespace);
      await eventually(async () => expect(await isRolledOut(client, namespace, id, NEW)).toBe(true));
      await eventually(async () => expect(await podPhase(client, namespace, BOOTSTRAP)).toBe('Succeeded'));
    });
  });

  test('deaf: FDD is ready, and hears nothing until its pod is replaced after the fault', async () => {
    await withCluster({}, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: OLD });
      fdds.misbehaviour.set(namespace, { kind: 'deaf' });
      const own = await update(client, namespace, NEW);
      const other = await createApplication(client, namespace, { image: NEW, name: 'shop' });
      await replacePod(client, namespace);
      await pause(100);
      fdds.misbehaviour.clear(namespace);
      await pause(100);
      expect(await available(client, namespace)).toBe(1);
      expect(await readStatus(client, namespace, own)).toBeUndefined();
      expect(await readStatus(client, namespace, other, 'shop')).toBeUndefined();

      await replacePod(client, namespace);
      await eventually(async () => expect(await isRolledOut(client, namespace, own, NEW)).toBe(true));
      await eventually(async () =>
        expect((await readStatus(client, namespace, other, 'shop'))?.result).toBe('SUCCESS'),
      );
    });
  });

  test('deaf until a restart: an FDD that starts later hears', async () => {
    await withCluster({}, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: NEW });
      fdds.misbehaviour.set(namespace, { kind: 'deaf', untilRestart: true });
      const id = await createApplication(client, namespace, { image: NEW, name: 'shop' });
      await pause(100);
      expect(await readStatus(client, namespace, id, 'shop')).toBeUndefined();

      await replacePod(client, namespace);
      // A fault elsewhere changes nothing.
      fdds.misbehaviour.set('elsewhere', { kind: 'hang' });
      await eventually(async () =>
        expect((await readStatus(client, namespace, id, 'shop'))?.result).toBe('SUCCESS'),
      );
    });
  });

  test.each([
    { afterDeployment: false, generation: 1 },
    { afterDeployment: true, generation: 2 },
  ])('failed: FAILED with its log lines (after the Deployment: $afterDeployment)', async (given) => {
    await withCluster({}, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: NEW });
      const lines = ['poddisruptionbudgets is forbidden'];
      const { afterDeployment, generation } = given;
      fdds.misbehaviour.set(namespace, { kind: 'failed', lines, afterDeployment });
      const id = await update(client, namespace, NEW);

      const status = await eventually(async () => {
        const found = present(await readStatus(client, namespace, id));
        expect(found.result).toBe('FAILED');
        return found;
      });
      expect(status.logs?.join('\n')).toContain('poddisruptionbudgets is forbidden');
      expect((await readDeployment(client, namespace))?.metadata.generation).toBe(generation);
    });
  });

  test('failed in a bootstrap: polls until its timeout', async () => {
    const delays = { bootstrapPollMs: 20, bootstrapTimeoutMs: 200 };
    await withCluster({ delays }, async ({ client, fdds, namespace }) => {
      fdds.misbehaviour.set(namespace, { kind: 'failed', lines: ['out of luck'] });
      await createApplication(client, namespace, { image: NEW });
      await createBootstrapPod(client, namespace, { image: NEW });
      await eventually(async () => expect(await podPhase(client, namespace, BOOTSTRAP)).toBe('Failed'));

      expect(await exitCode(client, namespace, BOOTSTRAP)).toBe(1);
      expect(await podLog(client, namespace, BOOTSTRAP)).toMatch(/out of luck(.|\n)*Timed out after waiting/);
    });
  });

  test('slow start: SUCCESS long before FDD is available', async () => {
    await withCluster({}, async ({ client, fdds, namespace, history }) => {
      fdds.misbehaviour.set(namespace, { kind: 'slow-start', ms: 2_000 });
      await createApplication(client, namespace, { image: NEW });
      await createBootstrapPod(client, namespace, { image: NEW });

      await eventually(async () =>
        expect(summary(history).slice(-2)).toEqual(['status SUCCESS', 'available 1']),
      );
    });
  });

  test.each([
    { exitCode: 1, phase: 'Failed' },
    { exitCode: 0, phase: 'Succeeded' },
  ] as const)('bootstrap exits $exitCode without having done anything', async ({ exitCode: code, phase }) => {
    await withCluster({}, async ({ client, fdds, namespace }) => {
      fdds.misbehaviour.set(namespace, { kind: 'bootstrap-exits', exitCode: code });
      await createApplication(client, namespace, { image: NEW });
      await createBootstrapPod(client, namespace, { image: NEW });
      await eventually(async () => expect(await podPhase(client, namespace, BOOTSTRAP)).toBe(phase));

      expect(await readDeployment(client, namespace)).toBeUndefined();
      expect(await list(client, APPLICATION_STATUSES, namespace)).toEqual([]);
    });
  });

  test('status left running: only the Application shows SUCCESS, and the new FDD does not correct that', async () => {
    await withCluster({}, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: OLD });
      fdds.misbehaviour.set(namespace, { kind: 'status-left-running' }, { version: OLD_VERSION });
      const id = await update(client, namespace, NEW);
      await eventually(async () => expect(await isObservedAndAvailable(client, namespace, id)).toBe(true));
      await pause(100);

      expect((await readApplication(client, namespace)).status?.result).toBe('SUCCESS');
      expect((await readStatus(client, namespace, id))?.result).toBe('RUNNING');
      const deployment = await readDeployment(client, namespace);
      expect(deployment?.metadata.labels?.['fiaas/deployed_by']).toBe(OLD_VERSION);
    });
  });
});

describe('cluster', () => {
  test('changes no namespace but its own', async () => {
    await withCluster({}, async ({ client }) => {
      await client.create(NAMESPACES, undefined, { metadata: { name: 'other' } });
      await createApplication(client, 'other', { image: NEW });
      await createBootstrapPod(client, 'other', { image: NEW });
      await pause(100);

      expect(await podPhase(client, 'other', BOOTSTRAP)).toBe('Pending');
    });
  });

  test('a deleted pod ends gracefully, and its Deployment creates another', async () => {
    await withCluster({}, async ({ client, fdds, namespace, history }) => {
      await fdds.installFdd(namespace, { image: NEW });
      const [pod] = await list<Pod>(client, PODS, namespace);
      await client.delete(PODS, { namespace, name: present(pod).metadata.name });

      await eventually(async () => {
        const names = (await list<Pod>(client, PODS, namespace)).map(({ metadata }) => metadata.name);
        expect(names).toHaveLength(1);
        expect(names).not.toContain(pod?.metadata.name);
        expect(await available(client, namespace)).toBe(1);
      });
      expect(pods(history).some(({ metadata }) => metadata.deletionTimestamp !== undefined)).toBe(true);
    });
  });

  test.each([true, false])('logs come through the API server (plain HTTP: %s)', async (insecureKubelet) => {
    await withCluster({ insecureKubelet }, async ({ client, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: NEW });
      const [pod] = await list<Pod>(client, PODS, namespace);
      const name = present(pod).metadata.name;

      expect(await podLog(client, namespace, name)).toContain(`starting, version ${NEW_VERSION}`);
      expect(await podLog(client, namespace, name, { limitBytes: 5 })).toHaveLength(5);
    });
  });

  test('survives lost responses, 429 and 500', async () => {
    await withCluster({}, async ({ client, api, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: OLD });
      Object.assign(api.faults, { rejectRate429: 0.1, errorRate5xx: 0.1, timeoutAfterWriteRate: 0.1 });
      Object.assign(api.faults, { path: /application-statuses|deployments|pods/, retryAfterSeconds: 0 });
      const id = await update(client, namespace, NEW);

      await eventually(async () => {
        Object.assign(api.faults, { method: /POST|PUT|PATCH|DELETE/ });
        expect(await isRolledOut(client, namespace, id, NEW)).toBe(true);
      });
    });
  });

  test('the instant profile updates in three writes', async () => {
    await withCluster({ profile: 'instant' }, async ({ client, api, fdds, namespace }) => {
      await fdds.installFdd(namespace, { image: OLD });
      await pause(50);
      const before = api.audit.length;
      const id = await update(client, namespace, NEW);
      await eventually(async () => expect(await isRolledOut(client, namespace, id, NEW)).toBe(true));

      const writes = api.audit.slice(before).filter(({ verb }) => verb !== 'get' && verb !== 'watch');
      expect(writes.map(({ verb, resource }) => `${verb} ${resource}`)).toHaveLength(4);
    });
  });
});

describe('statusName', () => {
  test('is the hash that FDD computes', () => {
    expect(statusName(FDD, '1')).toBe('fiaas-deploy-daemon-wbu5o5ibaaaaa');
  });
});

describe('startChannelServer', () => {
  test('serves the published channels, with links to itself, and answers 304', async () => {
    await withChannels(async ({ url, requests }) => {
      const answer = await fetch(`${url}/${FDD}/stable.json`);
      const channel = JSON.parse(await answer.text());
      const etag = answer.headers.get('etag') ?? '';
      const again = await fetch(`${url}/${FDD}/stable.json`, { headers: { 'if-none-match': etag } });
      const spec = await fetch(channel.spec);

      expect(channel).toMatchObject({ image: NEW, spec: `${url}/artifacts/${NEW_VERSION}/fiaas.yml` });
      expect(again.status).toBe(304);
      expect(await spec.text()).toContain('admin_access: true');
      expect(requests.get(`/${FDD}/stable.json`)).toBe(2);
    });
  });

  test('moves a channel to another published version only', async () => {
    await withChannels(async ({ url, publish }) => {
      const before = (await fetch(`${url}/${FDD}/stable.json`)).headers.get('etag');
      publish('stable', OLD_VERSION);
      const answer = await fetch(`${url}/${FDD}/stable.json`);

      expect(answer.headers.get('etag')).not.toBe(before);
      expect(await answer.json()).toMatchObject({ image: OLD });
      expect(() => publish('stable', '20990101000000-fffffff')).toThrow('was never published');
    });
  });

  test('misbehaves as configured', async () => {
    await withChannels(async ({ url, faults }) => {
      const path = `/${FDD}/stable.json`;
      const get = (options = {}) => fetch(`${url}${path}`, options);

      faults.set(path, { kind: 'status', status: 429, retryAfterSeconds: 7 });
      expect((await get()).headers.get('retry-after')).toBe('7');
      faults.set(path, { kind: 'hang' });
      await expect(get({ signal: AbortSignal.timeout(500) })).rejects.toThrow('timeout');
      faults.set(path, { kind: 'truncated' });
      await expect(get().then((answer) => answer.text())).rejects.toThrow();
      faults.set(path, { kind: 'invalid-json' });
      await expect(get().then((answer) => answer.json())).rejects.toThrow('JSON');
      faults.set(path, { kind: 'empty' });
      expect(await (await get()).text()).toBe('');
      faults.set(path, { kind: 'oversized', bytes: 1_000_000 });
      expect((await (await get()).text()).length).toBeGreaterThan(1_000_000);
      faults.set(path, { kind: 'redirect-loop' });
      await expect(get()).rejects.toThrow();
      faults.set(path, { kind: 'latency', ms: 50 });
      expect((await get()).status).toBe(200);
      expect((await fetch(`${url}/${FDD}/latest.json`)).status).toBe(200);
      faults.clear();
      expect((await get()).status).toBe(200);
    });
  });
});

interface Cluster {
  readonly api: Awaited<ReturnType<typeof startKubernetesApi>>;
  readonly client: KubernetesClient;
  readonly fdds: SimulatedFdds;
  readonly namespace: string;
  readonly history: readonly Change[];
}

interface Change {
  readonly kind: string;
  readonly object: { readonly metadata: ObjectMeta };
}

type ClusterOptions = Partial<SimulatedFddsOptions> & { readonly config?: string };

async function withCluster(
  { config = CLUSTER_CONFIG, delays, ...options }: ClusterOptions,
  use: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const api = await startKubernetesApi();
  const client = connect(api.kubeconfig);
  const log = pino({ level: 'silent' });
  const namespace = 'team-a';
  for (const definition of definitions()) {
    await client.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, definition);
  }
  await client.create(NAMESPACES, undefined, { metadata: { name: namespace } });
  await client.create(CONFIG_MAPS, namespace, {
    metadata: { name: FDD, labels: { app: FDD } },
    data: { 'cluster_config.yaml': config },
  });
  const recorder = await record(client, namespace);
  const fdds = await startSimulatedFdds({
    client,
    log,
    hasControllerManager: false,
    ownsNamespace: (name) => name === namespace,
    insecureKubelet: true,
    delays: { bootstrapPollMs: 20, graceMs: 0, ...delays },
    ...options,
  });
  try {
    await use({ api, client, fdds, namespace, history: recorder.history });
  } finally {
    await fdds.stop();
    await recorder.stop();
    await client.close();
    await api.close();
  }
}

function connect(kubeconfig: string): KubernetesClient {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(kubeconfig);
  // The library speaks plain HTTP only where certificates are not verified.
  kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({ ...cluster, skipTLSVerify: true }));
  return createKubernetesClient(kubeConfig, { userAgent: 'test', fieldManager: 'test' });
}

/** Every change of a namespace's objects; `summary` sorts them by resourceVersion. */
async function record(client: KubernetesClient, namespace: string) {
  const history: Change[] = [];
  const log = pino({ level: 'silent' });
  const watches = [APPLICATION_STATUSES, DEPLOYMENTS, PODS].map((resource) =>
    startWatch<Change['object']>({
      client,
      log,
      resource,
      onUpsert: (object) => {
        if (object.metadata.namespace === namespace) history.push({ kind: resource.kind, object });
      },
      onDelete: () => undefined,
    }),
  );
  await Promise.all(watches.map((watch) => watch.synced()));
  return { history, stop: () => Promise.all(watches.map((watch) => watch.stop())) };
}

/** What FDD did, one line per step: reports, writes of the Deployment, and when it became available. */
function summary(history: readonly Change[], deploymentId?: string): readonly string[] {
  const ordered = history
    .filter(({ object }) => isOf(object, deploymentId))
    .sort((a, b) => Number(a.object.metadata.resourceVersion) - Number(b.object.metadata.resourceVersion));
  const lines = ordered.map(describeChange).filter((line) => line !== '');
  // A change of status repeats what was written before.
  return lines.filter((line, index) => line.startsWith('status') || lines.indexOf(line) === index);
}

function isOf(object: Change['object'], deploymentId: string | undefined): boolean {
  return deploymentId === undefined || object.metadata.labels?.['fiaas/deployment_id'] === deploymentId;
}

function describeChange({ kind, object }: Change): string {
  if (kind === 'ApplicationStatus') return `status ${(object as ApplicationStatus).result}`;
  if (kind !== 'Deployment') return '';
  const { metadata, status } = object as Deployment;
  const observed = status?.observedGeneration ?? 0;
  if (observed === metadata.generation) {
    return (status?.availableReplicas ?? 0) === 1 ? `available ${observed}` : '';
  }
  return `deployment ${metadata.generation} by "${metadata.labels?.['fiaas/deployed_by']}"`;
}

function deployments(history: readonly Change[]): readonly Deployment[] {
  return history.filter(({ kind }) => kind === 'Deployment').map(({ object }) => object as Deployment);
}

function pods(history: readonly Change[]): readonly Pod[] {
  return history.filter(({ kind }) => kind === 'Pod').map(({ object }) => object as Pod);
}

function podNames(history: readonly Change[]): readonly string[] {
  return [...new Set(pods(history).map(({ metadata }) => metadata.name))];
}

function waitingReasons(history: readonly Change[]): readonly unknown[] {
  return pods(history).flatMap(({ status }) =>
    (status?.containerStatuses ?? []).map((container) => {
      const { state } = container as { state?: { waiting?: { reason?: string } } };
      return state?.waiting?.reason;
    }),
  );
}

async function createApplication(
  client: KubernetesClient,
  namespace: string,
  { image, name = FDD }: { image: string; name?: string },
): Promise<string> {
  const id = randomUUID();
  const bootstrap = name === FDD ? { 'fiaas/bootstrap': 'true' } : {};
  const labels = { app: name, 'fiaas/deployment_id': id, ...bootstrap };
  await client.create(APPLICATIONS, namespace, {
    apiVersion: APPLICATIONS.apiVersion,
    kind: APPLICATIONS.kind,
    metadata: { name, namespace, labels },
    spec: { application: name, image, config: { version: 3, replicas: { minimum: 1, maximum: 1 } } },
  });
  return id;
}

async function createBootstrapPod(
  client: KubernetesClient,
  namespace: string,
  options: { image: string; args?: readonly string[]; mountsConfig?: boolean },
): Promise<void> {
  const { image, args = ['--enable-crd-support'], mountsConfig = false } = options;
  const mount = {
    volumes: [{ name: 'config', configMap: { name: FDD, optional: true } }],
    volumeMounts: [{ name: 'config', mountPath: '/var/run/config/fiaas' }],
  };
  await client.create(PODS, namespace, {
    metadata: { name: BOOTSTRAP, labels: { app: BOOTSTRAP } },
    spec: {
      restartPolicy: 'Never',
      volumes: mountsConfig ? mount.volumes : [],
      containers: [
        {
          name: BOOTSTRAP,
          image,
          command: [BOOTSTRAP],
          args,
          volumeMounts: mountsConfig ? mount.volumeMounts : [],
        },
      ],
    },
  });
}

async function update(client: KubernetesClient, namespace: string, image: string): Promise<string> {
  const id = randomUUID();
  await patchApplication(client, namespace, {
    metadata: { labels: { 'fiaas/deployment_id': id } },
    spec: { image },
  });
  return id;
}

function patchApplication(client: KubernetesClient, namespace: string, body: unknown): Promise<unknown> {
  const path = pathOf(APPLICATIONS, { namespace, name: FDD });
  return client.request({ method: 'PATCH', patchType: 'merge', path, body });
}

async function isRolledOut(
  client: KubernetesClient,
  namespace: string,
  id: string,
  image: string,
): Promise<boolean> {
  if ((await readStatus(client, namespace, id))?.result !== 'SUCCESS') return false;
  const deployment = await readDeployment(client, namespace);
  if (deployment?.spec.template.spec.containers[0]?.image !== image) return false;
  return isObservedAndAvailable(client, namespace, id);
}

async function isObservedAndAvailable(
  client: KubernetesClient,
  namespace: string,
  id: string,
): Promise<boolean> {
  const { metadata, status } = present(await readDeployment(client, namespace));
  const isOurs = metadata.labels?.['fiaas/deployment_id'] === id;
  return isOurs && status?.observedGeneration === metadata.generation && status?.availableReplicas === 1;
}

async function available(client: KubernetesClient, namespace: string): Promise<number> {
  return (await readDeployment(client, namespace))?.status?.availableReplicas ?? 0;
}

function readDeployment(client: KubernetesClient, namespace: string): Promise<Deployment | undefined> {
  return client.get<Deployment>(DEPLOYMENTS, { namespace, name: FDD });
}

async function readApplication(client: KubernetesClient, namespace: string): Promise<Application> {
  return present(await client.get<Application>(APPLICATIONS, { namespace, name: FDD }));
}

function readStatus(
  client: KubernetesClient,
  namespace: string,
  id: string,
  application = FDD,
): Promise<ApplicationStatus | undefined> {
  return client.get<ApplicationStatus>(APPLICATION_STATUSES, {
    namespace,
    name: statusName(application, id),
  });
}

/** Deletes FDD's pods, and waits until another one is available. */
async function replacePod(client: KubernetesClient, namespace: string): Promise<void> {
  const old = await list<Pod>(client, PODS, namespace);
  for (const { metadata } of old) await client.delete(PODS, metadata, { gracePeriodSeconds: 0 });
  await eventually(async () => {
    const pods = await list<Pod>(client, PODS, namespace);
    expect(pods.map(({ metadata }) => metadata.uid)).toEqual([expect.any(String)]);
    expect(old.map(({ metadata }) => metadata.uid)).not.toContain(pods[0]?.metadata.uid);
    expect(await available(client, namespace)).toBe(1);
  });
}

async function list<T>(
  client: KubernetesClient,
  resource: Resource,
  namespace: string,
): Promise<readonly T[]> {
  const path = pathOf(resource, { namespace });
  return (await client.request<{ items: readonly T[] }>({ method: 'GET', path })).items;
}

async function podPhase(
  client: KubernetesClient,
  namespace: string,
  name: string,
): Promise<string | undefined> {
  return (await client.get<Pod>(PODS, { namespace, name }))?.status?.phase;
}

async function exitCode(client: KubernetesClient, namespace: string, name: string): Promise<unknown> {
  const pod = await client.get<Pod>(PODS, { namespace, name });
  const [container] = pod?.status?.containerStatuses ?? [];
  return (container as { state?: { terminated?: { exitCode?: number } } }).state?.terminated?.exitCode;
}

function podLog(
  client: KubernetesClient,
  namespace: string,
  name: string,
  query: Readonly<Record<string, string | number | boolean>> = {},
): Promise<string> {
  return client.requestText({
    method: 'GET',
    path: pathOf(PODS, { namespace, name, subresource: 'log' }),
    query,
  });
}

function environmentOf({ spec }: Deployment): Record<string, string | undefined> {
  const variables = spec.template.spec.containers[0]?.env ?? [];
  const shown = variables.filter(({ name }) => name === 'LOG_FORMAT' || name === 'FIAAS_ENVIRONMENT');
  return Object.fromEntries(shown.map(({ name, value }) => [name, value]));
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('missing (yet)');
  return value;
}

async function eventually<T>(check: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + UNTIL_TIMEOUT_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(10);
    }
  }
}

async function withChannels(
  use: (channels: Awaited<ReturnType<typeof startChannelServer>>) => Promise<void>,
): Promise<void> {
  const channels = await startChannelServer();
  try {
    await use(channels);
  } finally {
    await channels.close();
  }
}

/** FDD's own definitions, with the status subresource, as far as they matter here. */
function definitions(): readonly unknown[] {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const text = { type: 'string' };
  const logs = { type: 'array', items: text };
  return [
    definition('Application', 'applications', {
      spec: { type: 'object', properties: { application: text, image: text, config: open } },
      status: {
        type: 'object',
        properties: { result: text, logs, deployment_id: text, observedGeneration: { type: 'integer' } },
      },
    }),
    definition('ApplicationStatus', 'application-statuses', { result: text, logs }),
  ];
}

function definition(kind: string, plural: string, properties: Record<string, unknown>): unknown {
  return {
    apiVersion: CUSTOM_RESOURCE_DEFINITIONS.apiVersion,
    kind: CUSTOM_RESOURCE_DEFINITIONS.kind,
    metadata: { name: `${plural}.fiaas.schibsted.io` },
    spec: {
      group: 'fiaas.schibsted.io',
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties } },
          ...(kind === 'Application' ? { subresources: { status: {} } } : {}),
        },
      ],
    },
  };
}
