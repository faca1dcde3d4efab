import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import '../support/fake-one-realm.ts';
import { startApi } from '../../api/start-api.ts';
import { messageOf } from '../../domain/errors.ts';
import type { NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import { readSettings } from '../../shared/config.ts';
import { openCore } from '../../shared/core.ts';
import { createKubernetesClient } from '../../shared/kubernetes/client.ts';
import { loadKubeConfig } from '../../shared/kubernetes/load-kube-config.ts';
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  PODS,
  pathOf,
  ROLES as RBAC_ROLES,
  ROLE_BINDINGS,
  SERVICE_ACCOUNTS,
} from '../../shared/kubernetes/resources.ts';
import { watchBegun } from '../../shared/kubernetes/watch-begun.ts';
import { ensureCrds } from '../../worker/ensure-crds.ts';
import { type Manifest, pick, type Rule, render } from '../chart/support/helm.ts';
import { silentLog } from '../support/builders.ts';
import {
  bindEverywhere,
  createClusterWide,
  type RealWorld,
  SKIPPER_NAMESPACE,
  startRealWorld,
  until,
} from '../support/real-world.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { BOOTSTRAP_POD, FDD, OLD_IMAGE } from './support/fdd-objects.ts';
import { createCountedQuota } from './support/quota.ts';
import { kubeconfigOf, startSkipperPair, type Target } from './support/skipper-pair.ts';

const ROLES = ['watch', 'explain', 'listen', 'deploy', 'manage-rbac', 'crds'] as const;
const CRD = 'applications.fiaas.schibsted.io';

type Role = (typeof ROLES)[number];

/** One verb of one rule of the chart. */
interface Grant {
  readonly role: Role;
  readonly verb: string;
  readonly resource: string;
}

/** A deploy of a namespace in which the worker lacks one verb. */
interface DeployCase extends Grant {
  /** What fails without the verb. */
  readonly breaks: string;
  /** Prepares the namespace so that the verb is needed; left out if a new namespace needs it. */
  readonly prepare?: (world: RealWorld, namespace: string) => Promise<unknown>;
  readonly code?: string;
  /** Expected in the target's reason or details; by default the API server's refusal of the verb. */
  readonly message?: RegExp;
}

/** Pods must request no resources, or are refused: Skipper has to read the quotas, then the Application again. */
const underQuota = (world: RealWorld, namespace: string) =>
  createCountedQuota(world.admin, namespace, { hard: { pods: '0' }, scopes: ['NotBestEffort'] });

const withOldFdd = (world: RealWorld, namespace: string) =>
  world.fdds.installFdd(namespace, { image: OLD_IMAGE });

const withFailingBootstrap = async (world: RealWorld, namespace: string) =>
  world.fdds.misbehaviour.set(namespace, { kind: 'bootstrap-exits', exitCode: 1, lines: ['no luck'] });

/** Without FDD's label the watch does not show it: only the taken name reveals it. */
const withForeignPod = (world: RealWorld, namespace: string) =>
  world.admin.create(PODS, namespace, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: BOOTSTRAP_POD },
    spec: { containers: [{ name: 'foreign', image: 'foreign' }] },
  });

/** Its roleRef cannot be changed. */
const withForeignBinding = (world: RealWorld, namespace: string) =>
  world.admin.create(ROLE_BINDINGS, namespace, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: FDD },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'another' },
    subjects: [],
  });

const deploying = (verb: string, resource: string, breaks: string, more: Partial<DeployCase> = {}) => ({
  role: 'deploy' as const,
  verb,
  resource,
  breaks,
  ...more,
});
const managing = (verb: string, resource: string, breaks: string, more: Partial<DeployCase> = {}) => ({
  ...deploying(verb, resource, breaks, more),
  role: 'manage-rbac' as const,
});

const DEPLOYS: readonly DeployCase[] = [
  deploying('get', 'applications', 'a new plan cannot be made after a refusal', { prepare: underQuota }),
  deploying('create', 'applications', 'a namespace without an Application gets none'),
  deploying('patch', 'applications', 'a release is not written to FDD', { prepare: withOldFdd }),
  deploying('get', 'deployments', 'it is unknown whether FDD runs, so it is not bootstrapped'),
  deploying('create', 'pods', 'a bootstrap does not start'),
  deploying('get', 'pods', 'a bootstrap fails if another pod has its name', {
    prepare: withForeignPod,
  }),
  deploying('delete', 'pods', 'the bootstrap pod stays and blocks the next one'),
  deploying('get', 'pods/log', 'a failed bootstrap does not show its log', {
    prepare: withFailingBootstrap,
    code: 'bootstrap_failed',
    message: /bootstrap log: \(not available: .*cannot get resource "pods\/log"/,
  }),
  deploying('list', 'resourcequotas', 'a quota that admits only pods without resources cannot be met', {
    prepare: underQuota,
  }),
  deploying('list', 'events', 'a failed bootstrap does not show its events', {
    prepare: withFailingBootstrap,
    code: 'bootstrap_failed',
    message: /bootstrap pod event: \(not available: .*cannot list resource "events"/,
  }),
  managing('create', 'serviceaccounts', 'FDD gets no account'),
  managing('patch', 'serviceaccounts', 'FDD gets no account'),
  managing('create', 'roles', 'FDD gets no role'),
  managing('patch', 'roles', 'FDD gets no role'),
  managing('escalate', 'roles', "the role cannot hold FDD's rights", {
    message: /"fiaas-deploy-daemon" is forbidden: .*attempting to grant RBAC permissions not currently held/s,
  }),
  managing('bind', 'roles', "the role cannot be bound to FDD's account", {
    message:
      /rolebindings.*"fiaas-deploy-daemon" is forbidden: .*attempting to grant RBAC permissions not currently held/s,
  }),
  managing('create', 'rolebindings', "FDD's account does not get its role"),
  managing('patch', 'rolebindings', "FDD's account does not get its role"),
  managing('delete', 'rolebindings', 'a binding to another role stays in the way', {
    prepare: withForeignBinding,
  }),
];

/** Without these the worker trusts its record and does not restore removed objects. */
const READS_OF_RBAC: readonly Grant[] = ['serviceaccounts', 'roles', 'rolebindings'].map((resource) => ({
  role: 'manage-rbac',
  verb: 'get',
  resource,
}));

const WATCHED = ['configmaps', 'pods', 'deployments', 'applications', 'application-statuses'];
const WATCHES: readonly Grant[] = WATCHED.flatMap((resource) => [
  { role: 'watch', verb: 'list', resource },
  { role: 'watch', verb: 'watch', resource },
]);
const CANARIES: Grant = { role: 'watch', verb: 'list', resource: 'namespaces' };
const LISTENS: readonly Grant[] = ['list', 'watch'].map((verb) => ({
  role: 'listen',
  verb,
  resource: 'applications',
}));
const EVENTS_OF_API: Grant = { role: 'explain', verb: 'list', resource: 'events' };

interface CrdCase extends Grant {
  readonly breaks: string;
  readonly prepare: (world: RealWorld) => Promise<unknown>;
}

const CRD_CASES: readonly CrdCase[] = [
  { verb: 'get', breaks: 'it is unknown whether they are complete', prepare: async () => undefined },
  {
    verb: 'update',
    breaks: 'an incomplete one is not completed',
    prepare: ({ admin }: RealWorld) =>
      admin.request({
        method: 'PATCH',
        patchType: 'json',
        path: pathOf(CUSTOM_RESOURCE_DEFINITIONS, { name: CRD }),
        body: [{ op: 'remove', path: '/spec/versions/0/subresources' }],
      }),
  },
  {
    verb: 'create',
    breaks: 'a missing one is not created',
    prepare: async ({ admin }: RealWorld) => {
      await admin.delete(CUSTOM_RESOURCE_DEFINITIONS, { name: CRD });
      await until(
        'the CRD is gone',
        () => admin.get(CUSTOM_RESOURCE_DEFINITIONS, { name: CRD }),
        (crd) => crd === undefined,
      );
    },
  },
].map((each) => ({ ...each, role: 'crds', resource: 'customresourcedefinitions' }));

const keyOf = ({ role, verb, resource }: Grant) => `${role}: ${verb} ${resource}`;
/** Also the name of namespaces, roles and accounts: `no-get-pods-log`. */
const nameOf = ({ verb, resource }: Grant) => `no-${verb}-${resource.replace('/', '-')}`;

describeCluster('each verb of the chart is needed', { needsControllers: true }, () => {
  const rendered = render({ manageRBAC: true });
  let world: RealWorld;

  beforeAll(async () => {
    world = await startRealWorld();
  });
  afterAll(() => world?.stop());

  test('this table contains every verb of every rule', () => {
    const granted = ROLES.flatMap((role) =>
      rulesOf(rendered, role).flatMap(({ resources, verbs }) =>
        resources.flatMap((resource) => verbs.map((verb) => keyOf({ role, verb, resource }))),
      ),
    );

    const tried = [
      ...DEPLOYS,
      ...READS_OF_RBAC,
      ...WATCHES,
      CANARIES,
      ...LISTENS,
      EVENTS_OF_API,
      ...CRD_CASES,
    ].map(keyOf);
    expect(tried.toSorted()).toEqual(granted.toSorted());
  });

  describe('in a namespace where the worker lacks a verb', () => {
    let targets: Readonly<Record<string, Target>>;

    beforeAll(async () => {
      const namespaces = await Promise.all(DEPLOYS.map(createNamespaceWithout));
      const skipper = await startSkipperPair(world, { flags: { 'manage-rbac': true } });
      try {
        targets = await skipper.deploy([...namespaces, await createWhole()]);
      } finally {
        await skipper.stop();
      }
    });

    async function createNamespaceWithout(lacking: Grant & Pick<DeployCase, 'prepare'>): Promise<string> {
      const reduced = await createRoleWithout(lacking);
      const other = lacking.role === 'deploy' ? 'manage-rbac' : 'deploy';
      const namespace = await world.createNamespace(`team-${nameOf(lacking)}`, {
        workerRoles: [reduced, `fiaas-skipper-${other}`],
      });
      await lacking.prepare?.(world, namespace);
      return namespace;
    }

    function createWhole(): Promise<string> {
      return world.createNamespace('team-whole', {
        workerRoles: ['fiaas-skipper-deploy', 'fiaas-skipper-manage-rbac'],
      });
    }

    test('a removed Role is restored, unless the worker cannot read it', async () => {
      const lacking = READS_OF_RBAC.find(({ resource }) => resource === 'roles') as Grant;
      const blind = await createNamespaceWithout(lacking);
      const seeing = await world.createNamespace('team-seeing', {
        workerRoles: ['fiaas-skipper-deploy', 'fiaas-skipper-manage-rbac'],
      });
      const readRole = (namespace: string) => world.admin.get(RBAC_ROLES, { namespace, name: FDD });
      const skipper = await startSkipperPair(world, { flags: { 'manage-rbac': true } });
      try {
        await skipper.deploy([blind, seeing]);
        for (const namespace of [blind, seeing]) {
          await world.admin.delete(RBAC_ROLES, { namespace, name: FDD });
        }

        await skipper.deploy([blind, seeing]);

        expect(await readRole(seeing)).toBeDefined();
        expect(await readRole(blind)).toBeUndefined();
      } finally {
        await skipper.stop();
      }
    });

    test('a namespace with all verbs is deployed', () => {
      expect(targets['team-whole']).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    });

    test.each(DEPLOYS)('$verb $resource: $breaks', (lacking) => {
      const { verb, resource, code = 'forbidden' } = lacking;
      const target = targets[`team-${nameOf(lacking)}`];

      expect(target).toMatchObject({ state: 'failed', code, attempt: 1 });
      expect([target?.reason, ...(target?.details ?? [])].join('\n')).toMatch(
        lacking.message ?? refusalOf(verb, resource),
      );
    });
  });

  describe('cluster-wide, where the API lacks a verb', () => {
    /** An API in this process, under an account that has all rights of the chart except one. */
    async function withApi(lacking: Grant, use: (url: string) => Promise<void>): Promise<void> {
      const account = await createAccount(`api-${nameOf(lacking)}`, ['watch', 'explain'], lacking);
      const settings = readSettings({
        flags: {
          kubeconfig: await kubeconfigOf(world, account, 'least'),
          redisUrl: world.redis.url,
          redisPrefix: account,
          baseurl: world.channel.url,
          host: '127.0.0.1',
          port: 0,
        },
        env: {},
      });
      const core = await openCore(settings, silentLog, '0.0.0');
      const api = await startApi(core, '0.0.0');
      try {
        await use(`http://127.0.0.1:${api.port}`);
      } finally {
        await api.stop();
        await core.close();
      }
    }

    async function problemsOf(url: string): Promise<readonly string[]> {
      const { problems } = (await (await fetch(`${url}/readyz`)).json()) as { problems: string[] };
      return problems;
    }

    test('each verb of a watch: the API is not ready, and reports why', async () => {
      // Side by side: each waits for the repetitions of what was refused.
      const results = await Promise.allSettled(WATCHES.map(untilReported));

      expect(results.filter(({ status }) => status !== 'fulfilled')).toEqual([]);
    });

    async function untilReported(lacking: Grant): Promise<void> {
      const refusal = refusalOf(lacking.verb, lacking.resource);
      const what = lacking.verb === 'list' ? 'not read yet' : 'not followed any more';
      await withApi(lacking, async (url) => {
        await until(
          `the only problem is ${keyOf(lacking)}`,
          () => problemsOf(url),
          (found) => found.join('\n').includes(what) && found.every((problem) => refusal.test(problem)),
        );
      });
    }

    test('list namespaces: a strategy cannot select its canary by labels, and the error names the right', async () => {
      const namespace = await world.createNamespace('team-selected');
      await withApi(CANARIES, async (url) => {
        const strategy = { type: 'Progressive', canary: { selector: { tier: 'canary' } } };
        const request = async () =>
          (
            await fetch(`${url}/api/rollouts`, {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ namespaces: [namespace], strategy }),
            })
          ).json() as Promise<{ detail?: string }>;
        await until(
          'the API is ready',
          () => problemsOf(url),
          (problems) => problems.length === 0,
        );

        const { detail } = await until(
          'the API knows the namespace',
          request,
          ({ detail = '' }) => !detail.includes('no FIAAS namespace'),
        );

        expect(detail).toMatch(/lacks the right to list namespaces.*cannot list resource "namespaces"/s);
      });
    });

    test('list events: the page of a namespace cannot show them, and explains why', async () => {
      const namespace = await world.createNamespace('team-shown');
      await withApi(EVENTS_OF_API, async (url) => {
        const read = async () =>
          (await (await fetch(`${url}/api/namespaces/${namespace}/objects`)).json()) as NamespaceObjects;
        await until(
          'the API is ready',
          () => problemsOf(url),
          (problems) => problems.length === 0,
        );

        const { objects } = await until(
          'the API sees the namespace',
          read,
          ({ objects }) => objects?.length > 0,
        );

        const events = objects.find(({ kind }) => kind === 'Events');
        expect(events?.problem).toMatch(
          /^Skipper is not allowed to read it: .*cannot list resource "events"/,
        );
      });
    });
  });

  test.each(LISTENS)('$verb $resource: a worker cannot know whether an FDD is deaf', async (lacking) => {
    const account = await createAccount(`listen-${nameOf(lacking)}`, ['watch', 'listen'], lacking);
    const kubeconfig = await kubeconfigOf(world, account, 'least');
    const options = { userAgent: 'fiaas-skipper', fieldManager: 'fiaas-skipper' };
    const client = createKubernetesClient(loadKubeConfig({ kubeconfig }), options);
    const watch = watchBegun({ client, log: silentLog });
    try {
      await until('the missing verb is reported', watch.problems, (problems) =>
        problems.some((problem) => refusalOf(lacking.verb, lacking.resource).test(problem)),
      );
    } finally {
      await watch.stop();
      await client.close();
    }
  });

  describe('on the CRDs, where a starting worker lacks a verb', () => {
    test.each(CRD_CASES)('$verb: $breaks', async (lacking) => {
      await lacking.prepare(world);
      const account = await createAccount(`worker-${nameOf(lacking)}`, ['crds'], lacking);
      const kubeconfig = await kubeconfigOf(world, account, 'least');
      const client = createKubernetesClient(loadKubeConfig({ kubeconfig }), {
        userAgent: 'fiaas-skipper',
        fieldManager: 'fiaas-skipper',
      });
      const ensure = () =>
        ensureCrds(client, silentLog, new AbortController().signal).then(() => 'done', messageOf);
      try {
        const reported = await until('the missing verb is reported', ensure, (answer) =>
          refusalOf(lacking.verb, lacking.resource).test(answer),
        );

        expect(reported).toContain('--disable-crd-creation');
      } finally {
        await client.close();
      }
    });
  });

  /** An account with these roles of the chart, one of which lacks a verb. */
  async function createAccount(name: string, roles: readonly Role[], lacking: Grant): Promise<string> {
    await world.admin.create(SERVICE_ACCOUNTS, SKIPPER_NAMESPACE, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name },
    });
    const reduced = await createRoleWithout(lacking);
    for (const role of roles) {
      await bindEverywhere(world.admin, role === lacking.role ? reduced : `fiaas-skipper-${role}`, name);
    }
    return name;
  }

  /** A role of the chart without one verb; returns its name. */
  async function createRoleWithout(lacking: Grant): Promise<string> {
    const role = pick(rendered, 'ClusterRole', `fiaas-skipper-${lacking.role}`);
    const rules = (role.rules ?? []).map((rule) =>
      rule.resources.includes(lacking.resource)
        ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== lacking.verb) }
        : rule,
    );
    const name = `${lacking.role}-${nameOf(lacking)}`;
    const body = { ...role, metadata: { name }, rules: rules.filter(({ verbs }) => verbs.length > 0) };
    await createClusterWide(world.admin, body);
    return name;
  }
});

function rulesOf(rendered: readonly Manifest[], role: Role): readonly Rule[] {
  return pick(rendered, 'ClusterRole', `fiaas-skipper-${role}`).rules ?? [];
}

/** The API server's message for a request without rights. */
function refusalOf(verb: string, resource: string): RegExp {
  return new RegExp(`cannot ${verb} resource "${resource}"`);
}
