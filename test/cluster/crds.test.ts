import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { CRDS, type CustomResourceDefinition } from '../../domain/deploy/crds.ts';
import {
  APPLICATIONS,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  pathOf,
} from '../../shared/kubernetes/resources.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { freePort } from '../support/free-port.ts';
import { API_ACCOUNT, type RealWorld, startRealWorld, until, WORKER_ACCOUNT } from '../support/real-world.ts';
import { startSkipperHere } from '../support/skipper-here.ts';
import { startStrictProcess } from '../support/strict-process.ts';
import { type AuditLog, openAuditLog, summaryOf } from './support/audit-log.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { FDD, type KubernetesObject } from './support/fdd-objects.ts';
import { kubeconfigOf } from './support/skipper-pair.ts';

const APPLICATION_CRD = 'applications.fiaas.schibsted.io';
const STATUS_CRD = 'application-statuses.fiaas.schibsted.io';

type StoredCrd = CustomResourceDefinition &
  KubernetesObject & {
    readonly status: {
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  };

describeCluster('CRDs on a real API server', { needsControllers: false }, () => {
  let world: RealWorld;
  let audit: AuditLog;

  beforeAll(async () => {
    world = await startRealWorld({ bare: true });
    audit = openAuditLog(world);
  });

  afterAll(async () => {
    await world?.stop();
  });

  beforeEach(async () => {
    for (const name of [APPLICATION_CRD, STATUS_CRD]) {
      await world.admin.delete(CUSTOM_RESOURCE_DEFINITIONS, { name });
      await until(
        'the CRD is gone',
        () => readCrd(name),
        (crd) => crd === undefined,
      );
    }
    await audit.mark();
  });

  function readCrd(name: string): Promise<StoredCrd | undefined> {
    return world.admin.get<StoredCrd>(CUSTOM_RESOURCE_DEFINITIONS, { name });
  }

  async function createCrd(body: unknown): Promise<void> {
    const { metadata } = await world.admin.create<KubernetesObject>(
      CUSTOM_RESOURCE_DEFINITIONS,
      undefined,
      body,
    );
    await until(
      'the CRD is established',
      () => readCrd(metadata.name),
      (crd) => isEstablished(crd),
    );
  }

  /** Runs a worker until it is ready, then stops it. */
  async function runWorker(flags: Readonly<Record<string, boolean>> = {}): Promise<void> {
    const worker = await startWorker(WORKER_ACCOUNT, flags);
    try {
      await worker.ready();
    } finally {
      await worker.stop();
    }
  }

  async function startWorker(
    account: string,
    flags: Readonly<Record<string, boolean>> = {},
    start = startSkipperHere,
  ): Promise<SkipperProcess> {
    return start({
      command: 'worker',
      port: await freePort(),
      flags: {
        kubeconfig: await kubeconfigOf(world, account, 'crds'),
        'redis-url': world.redis.url,
        'disable-autoupdate': true,
        ...flags,
      },
      env: { PATH: process.env.PATH },
    });
  }

  async function crdRequests(): Promise<readonly string[]> {
    return (await audit.skipperRequests())
      .filter(({ objectRef }) => objectRef?.resource === 'customresourcedefinitions')
      .map(summaryOf);
  }

  test('both are created as FDD v1.10.0 defines them if they are missing, and are served', async () => {
    await runWorker();

    const application = await readCrd(APPLICATION_CRD);
    const status = await readCrd(STATUS_CRD);
    expect(isEstablished(application)).toBe(true);
    expect(isEstablished(status)).toBe(true);
    expect(application?.spec.versions).toEqual(CRDS[0]?.spec.versions);
    expect(application?.spec.versions[0]?.subresources).toEqual({ status: {} });
    expect(status?.spec.versions).toEqual(CRDS[1]?.spec.versions);
    expect(application?.spec).toMatchObject({ names: { shortNames: ['app', 'fa'], kind: 'Application' } });
    expect(status?.spec).toMatchObject({ names: { shortNames: ['status', 'appstatus', 'fs'] } });
  });

  test("upstream Skipper's old one is completed: it gets status schema and subresource and keeps the rest", async () => {
    await createCrd(upstreamApplicationCrd());
    await createCrd({ ...CRDS[1] });
    await createOldApplication();

    await runWorker();

    const { metadata, spec } = (await readCrd(APPLICATION_CRD)) as StoredCrd;
    expect(spec.versions).toEqual(CRDS[0]?.spec.versions);
    expect(metadata.labels).toEqual({ foreign: 'kept' });
    expect(metadata.annotations).toEqual({ 'foreign/note': 'kept' });
    expect(await crdRequests()).toContain('update customresourcedefinitions 200');
    expect(await world.admin.get(APPLICATIONS, { namespace: 'default', name: FDD })).toMatchObject({
      spec: { image: 'fiaas/fiaas-deploy-daemon:old', config: { version: 3 } },
    });
    // The subresource really works, it is not only declared.
    await until('Application.status can be written', writeStatus);
  });

  async function createOldApplication(): Promise<void> {
    await until('applications are served', () =>
      world.admin
        .create(APPLICATIONS, 'default', {
          apiVersion: 'fiaas.schibsted.io/v1',
          kind: 'Application',
          metadata: { name: FDD },
          spec: { application: FDD, image: 'fiaas/fiaas-deploy-daemon:old', config: { version: 3 } },
        })
        .then(
          () => true,
          () => false,
        ),
    );
  }

  function writeStatus(): Promise<boolean> {
    const status = { result: 'SUCCESS', observedGeneration: 1, logs: ['line'], deployment_id: 'id' };
    return world.admin
      .request<{ status?: unknown }>({
        method: 'PATCH',
        patchType: 'merge',
        path: pathOf(APPLICATIONS, { namespace: 'default', name: FDD, subresource: 'status' }),
        body: { status },
      })
      .then(
        (stored) => isDeepStrictEqual(stored.status, status),
        () => false,
      );
  }

  test("FDD v1.10.0's are left untouched: two reads, no write", async () => {
    for (const crd of CRDS) await createCrd(fddsOwn(crd));
    const before = await Promise.all([readCrd(APPLICATION_CRD), readCrd(STATUS_CRD)]);

    await runWorker();

    const after = await Promise.all([readCrd(APPLICATION_CRD), readCrd(STATUS_CRD)]);
    expect(after).toEqual(before);
    expect(await crdRequests()).toEqual([
      'get customresourcedefinitions 200',
      'get customresourcedefinitions 200',
    ]);
  });

  test('one with more fields than ours keeps them', async () => {
    const [application] = CRDS;
    const rich = structuredClone(application) as unknown as { spec: { versions: Record<string, unknown>[] } };
    const [version] = rich.spec.versions;
    if (version) {
      version.subresources = {};
      version.additionalPrinterColumns = [{ name: 'Image', type: 'string', jsonPath: '.spec.image' }];
      version.schema = {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            spec: {
              type: 'object',
              required: ['application'],
              properties: { application: { type: 'string' }, pod_disruption_budget: { type: 'object' } },
            },
          },
        },
      };
    }
    await createCrd(rich);

    await runWorker();

    const stored = (await readCrd(APPLICATION_CRD))?.spec.versions[0];
    expect(stored).toMatchObject({
      additionalPrinterColumns: [{ name: 'Image' }],
      subresources: { status: {} },
      schema: {
        openAPIV3Schema: {
          properties: {
            spec: {
              required: ['application'],
              properties: { pod_disruption_budget: { type: 'object' }, image: { type: 'string' } },
            },
            status: { properties: { deployment_id: { type: 'string' } } },
          },
        },
      },
    });
  });

  test('two workers that start together create both once and become ready', async () => {
    const workers = await Promise.all([startWorker(WORKER_ACCOUNT), startWorker(WORKER_ACCOUNT)]);
    try {
      await Promise.all(workers.map((worker) => worker.ready()));

      expect(isEstablished(await readCrd(APPLICATION_CRD))).toBe(true);
      expect(isEstablished(await readCrd(STATUS_CRD))).toBe(true);
    } finally {
      await Promise.all(workers.map((worker) => worker.stop()));
    }
  });

  test('with --disable-crd-creation they are never read, and the worker reports that it waits for them', async () => {
    const worker = await startWorker(WORKER_ACCOUNT, { 'disable-crd-creation': true });
    try {
      const problems = await until(
        '/readyz names the missing resource',
        () =>
          fetch(`${worker.url}/readyz`).then(
            (answer) => answer.text(),
            () => '',
          ),
        (text) => /applications not read yet.*404/.test(text),
      );

      expect(problems).toContain('application-statuses not read yet');
      expect(await crdRequests()).toEqual([]);
      for (const crd of CRDS) await createCrd({ ...crd });
      await worker.ready();
      expect(await crdRequests()).toEqual([]);
    } finally {
      await worker.stop();
    }
  });

  test('without rights to CRDs the worker exits with 1 and names the rights and the flag', async () => {
    const worker = await startWorker(API_ACCOUNT, {}, startStrictProcess);
    try {
      const { code } = await worker.exited;

      const printed = worker.lines().join('\n');
      expect(code).toBe(1);
      expect(printed).toContain('--disable-crd-creation');
      expect(printed).toContain(APPLICATION_CRD);
    } finally {
      await worker.stop();
    }
  });

  test('no step needs rights to namespaces', async () => {
    const everything = openAuditLog(world);
    await runWorker();

    const requests = await everything.skipperRequests();

    expect(requests.filter(({ objectRef }) => objectRef?.resource === NAMESPACES.plural)).toEqual([]);
    expect(requests.length).toBeGreaterThan(0);
  });
});

function isEstablished(crd: StoredCrd | undefined): boolean {
  return (crd?.status.conditions ?? []).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
}

/** Upstream Skipper's v1 definition: no status in the schema, no subresource (its crd/types.py), and what admins added. */
function upstreamApplicationCrd(): unknown {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const groups = [
    'global',
    'deployment',
    'horizontal_pod_autoscaler',
    'ingress',
    'service',
    'service_account',
    'pod',
    'status',
  ];
  const decoration = { type: 'object', properties: Object.fromEntries(groups.map((group) => [group, open])) };
  const properties = {
    application: { type: 'string' },
    image: { type: 'string' },
    config: open,
    additional_labels: decoration,
    additional_annotations: decoration,
  };
  const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', properties } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: APPLICATION_CRD,
      namespace: 'default',
      labels: { foreign: 'kept' },
      annotations: { 'foreign/note': 'kept' },
    },
    spec: {
      group: 'fiaas.schibsted.io',
      names: { plural: 'applications', kind: 'Application', shortNames: ['app', 'fa'] },
      scope: 'Namespaced',
      conversion: { strategy: 'None' },
      preserveUnknownFields: false,
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

/** As FDD writes it: without `singular` and `listKind`, which the API server fills in (crd/types.py at v1.10.0). */
function fddsOwn(crd: CustomResourceDefinition): unknown {
  const own = structuredClone(crd) as unknown as { spec: { names: Record<string, unknown> } };
  delete own.spec.names.singular;
  delete own.spec.names.listKind;
  return own;
}
