import { describe, expect, test } from '@jest/globals';
import { EVENTS, PODS, RESOURCE_QUOTAS, SERVICE_ACCOUNTS } from '../../shared/kubernetes/resources.ts';
import type { Gate, GateRequest } from '../support/gate.ts';
import { BOOTSTRAP_POD, FDD, NEW, OLD, OLDEST } from '../support/published.ts';
import { type Raw, useWorld, type World } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const created: GateRequest[] = [];

const world = useWorld(
  {
    delays: { terminateMs: 300, bootstrapPollMs: 100 },
    cluster: {
      deny: ({ user, resource, namespace }) =>
        user === 'skipper' && resource === 'resourcequotas' && namespace === 'no-quota-rights'
          ? ''
          : undefined,
      tokens: { 'skipper-token': 'skipper' },
    },
    flags: { 'api-token': 'skipper-token' },
  },
  async (opened) => {
    await opened.startApi();
    await opened.startWorker({ gate: await openRecordingGate(opened) });
  },
);

/** A gate that notes which pods are created. */
async function openRecordingGate(opened: World): Promise<Gate> {
  const gate = await opened.openGate();
  gate.before(async (request) => {
    if (request.method === 'POST' && request.path.includes('/pods')) created.push(request);
  });
  return gate;
}

function podsOf(namespace: string): Raw[] {
  return created
    .filter(({ path }) => path.includes(`/namespaces/${namespace}/`))
    .map(({ body }) => JSON.parse(body));
}

function bootstrapPod(namespace: string): Promise<Raw> {
  return world.kube.get(PODS, { namespace, name: BOOTSTRAP_POD });
}

/** FDD creates its own; with the simulated one the test does. */
async function addServiceAccount(namespace: string): Promise<void> {
  await world.kube.create(SERVICE_ACCOUNTS, namespace, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: FDD, namespace },
  });
}

describe('a bootstrap', () => {
  test("acceptance 8: creates exactly one pod: upstream's with the ConfigMap mounted", async () => {
    await world.addNamespace('fresh', {
      clusterConfig: 'enable-service-account-per-app: true\nuse-networkingv1-ingress: true\n',
    });
    await addServiceAccount('fresh');

    const target = await world.deployed('fresh');

    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    const [pod, ...more] = podsOf('fresh');
    expect(more).toEqual([]);
    expect(pod.metadata).toMatchObject({
      name: BOOTSTRAP_POD,
      namespace: 'fresh',
      labels: { app: BOOTSTRAP_POD },
    });
    expect(pod.spec).toEqual({
      restartPolicy: 'Never',
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      containers: [
        {
          name: BOOTSTRAP_POD,
          image: `fiaas/${FDD}:${NEW}`,
          imagePullPolicy: 'IfNotPresent',
          command: ['fiaas-deploy-daemon-bootstrap'],
          args: [
            '--enable-crd-support',
            '--use-apiextensionsv1-crd',
            '--enable-service-account-per-app',
            '--use-networkingv1-ingress',
          ],
          resources: { requests: { memory: '128Mi' } },
          volumeMounts: [expect.objectContaining({ name: 'config', mountPath: '/var/run/config/fiaas/' })],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: FDD, optional: true } }],
    });
  });

  test.each([
    ['plain', NEW, '{}', ['--enable-crd-support', '--use-apiextensionsv1-crd']],
    [
      'per-app',
      NEW,
      'enable-service-account-per-app: true',
      ['--enable-crd-support', '--use-apiextensionsv1-crd', '--enable-service-account-per-app'],
    ],
    [
      'networking',
      NEW,
      'use-networkingv1-ingress: true',
      ['--enable-crd-support', '--use-apiextensionsv1-crd', '--use-networkingv1-ingress'],
    ],
    ['aged', OLD, 'enable-service-account-per-app: true', ['--enable-crd-support']],
    ['oldest', OLDEST, 'use-networkingv1-ingress: true', ['--enable-crd-support']],
  ])(
    'acceptance 8: passes the arguments that its image knows, in order (%s)',
    async (name, version, clusterConfig, args) => {
      await world.addNamespace(`args-${name}`, { tag: version === NEW ? 'stable' : version, clusterConfig });
      await addServiceAccount(`args-${name}`);

      const target = await world.deployed(`args-${name}`);

      expect(target).toMatchObject({ state: 'completed', version });
      expect(podsOf(`args-${name}`)[0].spec.containers[0].args).toEqual(args);
    },
  );

  test('acceptance 8: waits until the old pod is gone, then creates the new one', async () => {
    await world.addNamespace('succession');
    world.fdds.misbehaviour.set('succession', { kind: 'hang' });
    await world.kube.create(PODS, 'succession', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: BOOTSTRAP_POD, namespace: 'succession', labels: { app: BOOTSTRAP_POD } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'old', image: 'busybox:1' }] },
    });
    const old = await until(async () => {
      const pod = await bootstrapPod('succession');
      return pod?.status?.phase === 'Running' && pod;
    }, 'the old pod runs');
    world.fdds.misbehaviour.clear('succession');

    const target = await world.deployed('succession');

    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    const pods = world.audit({ namespace: 'succession', resource: 'pods' });
    const creations = pods.filter(({ verb }) => verb === 'create');
    expect(creations.map(({ code }) => code)).toEqual([201]);
    expect(pods.findIndex(({ verb }) => verb === 'delete')).toBeLessThan(
      pods.findIndex(({ verb }) => verb === 'create'),
    );
    expect(old.metadata.uid).not.toBe((await bootstrapPod('succession'))?.metadata.uid);
  });

  test('acceptance 9: records exit code and log in the job, then deletes its pod', async () => {
    await world.addNamespace('recorded');

    const target = await world.deployed('recorded');

    const job = await world.endedJob(target.jobId);
    expect(job.returnvalue).toMatchObject({ outcome: 'bootstrapped', bootstrapExitCode: 0 });
    expect(await world.jobLog(target.jobId)).toContain('exit code 0');
    expect(await world.jobLog(target.jobId)).toContain('Bootstrapped 1 applications');
    expect(await bootstrapPod('recorded')).toBeUndefined();
  });

  test("acceptance 9: gives FDD its namespace's full configuration", async () => {
    await world.addNamespace('configured', {
      clusterConfig: 'log-format: json\nenvironment: test\n',
    });

    const target = await world.deployed('configured');

    expect(target).toMatchObject({ state: 'completed' });
    expect(target.warnings).toBeUndefined();
    const { env } = (await world.deployment('configured')).spec.template.spec.containers[0];
    expect(env).toEqual(
      expect.arrayContaining([
        { name: 'LOG_FORMAT', value: 'json' },
        { name: 'FIAAS_ENVIRONMENT', value: 'test' },
      ]),
    );
  });

  test('acceptance 9: fails its job with exit code and log lines if it fails', async () => {
    await world.addNamespace('degraded');
    world.fdds.misbehaviour.set('degraded', {
      kind: 'bootstrap-exits',
      exitCode: 1,
      lines: ['Forbidden: cannot list applications'],
    });
    await world.kube.create(EVENTS, 'degraded', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'an-event', namespace: 'degraded' },
      involvedObject: { kind: 'Pod', namespace: 'degraded', name: BOOTSTRAP_POD },
      type: 'Warning',
      reason: 'BackOff',
      message: 'something is wrong',
    });

    const target = await world.deployed('degraded');

    expect(target).toMatchObject({
      state: 'failed',
      code: 'bootstrap_failed',
      reason: expect.stringContaining('exit code 1'),
    });
    expect(target.details?.join('\n')).toContain('Forbidden: cannot list applications');
    expect(target.details?.join('\n')).toContain('Warning BackOff: something is wrong');
    expect(await world.jobLog(target.jobId)).toContain('Forbidden: cannot list applications');
    expect((await world.endedJob(target.jobId)).failedReason).toContain('exit code 1');
  });

  test('acceptance 9: keeps the last 64 KiB of a long log', async () => {
    await world.addNamespace('talkative');
    const lines = Array.from({ length: 150 }, (_, index) => `line ${index} ${'x'.repeat(1_000)}`);
    world.fdds.misbehaviour.set('talkative', { kind: 'bootstrap-exits', exitCode: 1, lines });

    const target = await world.deployed('talkative');

    const log = await world.jobLog(target.jobId);
    const kept = log.slice(log.indexOf('bootstrap pod log:'), log.indexOf('attempt 1 failed'));
    expect(kept).toContain('line 149 ');
    expect(kept).not.toContain('line 2 ');
    expect(kept.length).toBeGreaterThan(60 * 1024);
    expect(kept.length).toBeLessThan(70 * 1024);
  });

  test('acceptance 10: does not happen if FDD runs', async () => {
    await world.addNamespace('running', { fdd: OLD });

    const target = await world.deployed('running');

    expect(target).toMatchObject({ state: 'completed', outcome: 'updated' });
    expect(podsOf('running')).toEqual([]);
  });

  test('acceptance 10: does not happen while a rollout of FDD is in progress', async () => {
    await world.addNamespace('rolling', { fdd: OLD });
    world.fdds.misbehaviour.set('rolling', { kind: 'slow-start', ms: 3_600_000 }, { version: NEW });
    const first = await world.deploy({ namespaces: ['rolling'] });
    await until(
      async () => (await world.deployment('rolling')).status.availableReplicas === undefined,
      'FDD is replaced',
    );

    const second = await world.deploy({ namespaces: ['rolling'] });
    await until(async () => {
      const isReplaced = (await world.rollout(first.id)).targets[0]?.state === 'superseded';
      return isReplaced && (await world.http('/api/namespaces/rolling')).body.phase === 'waiting for FDD';
    }, 'the second one has been planned');
    world.fdds.misbehaviour.clear('rolling');

    expect((await world.rolloutFinished(second.id)).targets[0]).toMatchObject({ state: 'completed' });
    expect(podsOf('rolling')).toEqual([]);
  });

  test.each([
    ['force_bootstrap', 'underscore'],
    ['force-bootstrap', 'hyphen'],
  ])('acceptance 15: happens beside a healthy FDD when requested with %s', async (field, name) => {
    await world.addNamespace(`forced-${name}`, { fdd: NEW });

    const target = await world.deployed(`forced-${name}`, { [field]: true });

    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    expect(podsOf(`forced-${name}`)).toHaveLength(1);
  });

  test('fails with the reason if a quota refuses its pod and the quotas cannot be read', async () => {
    await world.addNamespace('no-quota-rights');
    await world.kube.create(RESOURCE_QUOTAS, 'no-quota-rights', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none', namespace: 'no-quota-rights' },
      spec: { hard: { pods: '0' } },
    });

    const target = await world.deployed('no-quota-rights');

    expect(target).toMatchObject({
      state: 'failed',
      code: 'forbidden',
      reason: expect.stringContaining('resourcequotas'),
    });
    expect(await bootstrapPod('no-quota-rights')).toBeUndefined();
  });
});

describe('a bootstrap that leaves no FDD until the deadline', () => {
  /** Long enough for a slow machine to start a pod. */
  const world = useWorld({ flags: { 'progress-deadline': 10 } }, async (opened) => {
    await opened.startApi();
    await opened.startWorker({ gate: await openRecordingGate(opened) });
  });

  test.concurrent('acceptance 8: requests no resources if a quota admits only BestEffort pods', async () => {
    await world.addNamespace('best-effort');
    await world.kube.create(RESOURCE_QUOTAS, 'best-effort', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'best-effort-only', namespace: 'best-effort' },
      spec: { hard: { pods: '0' }, scopes: ['NotBestEffort'] },
    });

    await world.deployed('best-effort');

    // The quota refuses the first one; only then are the quotas read.
    expect(podsOf('best-effort').map((pod) => pod.spec.containers[0].resources)).toEqual([
      { requests: { memory: '128Mi' } },
      undefined,
    ]);
  });

  test.concurrent('acceptance 11: fails if its pod exits with 0 but FDD is missing', async () => {
    await world.addNamespace('idle');
    world.fdds.misbehaviour.set('idle', {
      kind: 'bootstrap-exits',
      exitCode: 0,
      lines: ['Bootstrapped 0 applications'],
    });

    expect(await world.deployed('idle')).toMatchObject({
      state: 'failed',
      code: 'bootstrap_failed',
      reason: expect.stringContaining('FDD was not deployed'),
    });
  });

  test.concurrent('acceptance 11: fails at the deadline with the reason if it hangs, and its pod is deleted', async () => {
    await world.addNamespace('hanging');
    world.fdds.misbehaviour.set('hanging', { kind: 'hang' });

    const target = await world.deployed('hanging');

    expect(target).toMatchObject({ state: 'failed', code: 'progress_deadline' });
    expect(target.details?.join('\n')).toMatch(/FDD reported nothing|bootstrap pod/);
    await until(
      async () => !(await world.kube.get(PODS, { namespace: 'hanging', name: BOOTSTRAP_POD })),
      'the hanging pod is gone',
    );
  });

  test.concurrent("acceptance 11: fails with the pod's reason if its image cannot be pulled", async () => {
    await world.addNamespace('imageless');
    world.fdds.misbehaviour.set('imageless', { kind: 'image-pull-failure', message: 'manifest unknown' });

    const target = await world.deployed('imageless');

    expect(target.state).toBe('failed');
    expect([target.reason, ...(target.details ?? [])].join('\n')).toMatch(
      /(ErrImagePull|ImagePullBackOff).*manifest unknown/,
    );
  });
});
