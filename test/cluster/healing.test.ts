import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import type { HealthRules } from '../../domain/heal/healing-view.ts';
import { APPLICATIONS, DEPLOYMENTS, PODS } from '../../shared/kubernetes/resources.ts';
import {
  createClusterWide,
  type RealWorld,
  startRealWorld,
  until,
  WORKER_ACCOUNT,
} from '../support/real-world.ts';
import { SHOP } from '../support/shop-application.ts';
import { type AuditLog, inNamespaces, openAuditLog, summaryOf } from './support/audit-log.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { type CuttableProxy, startCuttableProxy } from './support/cuttable-proxy.ts';
import { FDD, IMAGE, readApplication, readDeployment } from './support/fdd-objects.ts';
import { type SkipperPair, startSkipperPair } from './support/skipper-pair.ts';

interface ClusterRoleBinding {
  readonly roleRef: unknown;
  readonly subjects: unknown;
}

/** Those of the chart with `config.heal: "on"`. */
const ROLES = ['fiaas-skipper-deploy', 'fiaas-skipper-events', 'fiaas-skipper-heal'];

describeCluster('healing on a real control plane', { needsControllers: true }, () => {
  let world: RealWorld;
  let skipper: SkipperPair;
  let audit: AuditLog;
  let proxy: CuttableProxy;

  beforeAll(async () => {
    world = await startRealWorld();
    audit = openAuditLog(world);
    proxy = await startCuttableProxy(world.controlPlane.url);
    const token = await world.requestToken(WORKER_ACCOUNT);
    skipper = await startSkipperPair(world, {
      workerKubeconfig: await world.writeKubeconfig('healing-worker', { token }, proxy.url),
      flags: {
        heal: 'on',
        'heal-interval': 0.5,
        'heal-backoff': 1,
        'heal-stop-share': '100%',
        'deaf-after': 3,
      },
    });
  });

  afterAll(async () => {
    await skipper?.stop();
    await proxy?.close();
    await world?.stop();
  });

  async function deployed(name: string): Promise<string> {
    const namespace = await world.createNamespace(name, { workerRoles: ROLES });
    await world.fdds.installFdd(namespace, { image: IMAGE });
    await skipper.sees(namespace);
    const targets = await skipper.deploy([namespace]);
    expect(targets[namespace]).toMatchObject({ state: 'completed' });
    await audit.mark();
    return namespace;
  }

  async function healed(namespace: string): Promise<NamespaceHealing> {
    const read = async (): Promise<NamespaceHealing | undefined> => {
      const response = await fetch(`${skipper.api.url}/api/healing?namespace=${namespace}`);
      const { namespaces } = (await response.json()) as { namespaces: readonly NamespaceHealing[] };
      return namespaces[0];
    };
    const isOver = (healing?: NamespaceHealing) => healing?.state === 'watching' && healing.steps.length > 0;
    const found = await until(`${namespace} is healed`, read, isOver);
    if (!found) throw new Error('not found');
    return found;
  }

  async function changesIn(namespace: string): Promise<readonly string[]> {
    return inNamespaces(await audit.skipperRequests(), [namespace])
      .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
      .map(summaryOf);
  }

  test('a Deployment that was deleted comes back, with the rights of the chart', async () => {
    const namespace = await deployed('team-deleted');
    await world.admin.delete(DEPLOYMENTS, { namespace, name: FDD });

    const { steps } = await healed(namespace);

    expect(steps).toMatchObject([{ means: 'deploy', rule: 'no-deployment', end: 'completed' }]);
    expect((await readDeployment(world.admin, namespace)).status?.availableReplicas).toBe(1);
  });

  test('a deaf FDD is restarted: its pod is deleted, and nothing else is written', async () => {
    const namespace = await deployed('team-deaf');
    const before = await readApplication(world.admin, namespace);
    world.fdds.misbehaviour.set(namespace, { kind: 'deaf', untilRestart: true });
    await world.admin.create(APPLICATIONS, namespace, {
      ...SHOP,
      spec: { application: 'shop', image: IMAGE, config: { version: 3 } },
    });

    const { steps } = await healed(namespace);

    expect(steps).toMatchObject([{ means: 'restart', rule: 'deaf', end: 'completed' }]);
    expect(await changesIn(namespace)).toEqual(['delete pods 200']);
    const after = await readApplication(world.admin, namespace);
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  test('rights-missing: while the worker may not watch, nothing is repaired, and what it cannot see is unknown', async () => {
    const namespace = await deployed('team-unwatched');
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    const name = 'fiaas-skipper-watch';
    const { roleRef, subjects } = await world.admin.request<ClusterRoleBinding>({
      method: 'GET',
      path: `${path}/${name}`,
    });
    await world.admin.request({ method: 'DELETE', path: `${path}/${name}` });
    // A watch that is open stays so: its permission is verified when it is opened.
    proxy.cut();
    proxy.repair();

    const fleetWide = await until('it is found', readFleetWide);
    expect(fleetWide).toMatchObject([
      {
        rule: 'rights-missing',
        evidence: expect.stringMatching(/^watch of .* cannot (list|watch) resource/),
      },
    ]);
    const { rules } = await readRules(namespace);
    expect(rules).toContainEqual(expect.objectContaining({ rule: 'rights-missing', state: 'holds' }));
    expect(rules).toContainEqual({
      rule: 'no-deployment',
      state: 'unknown',
      reason: 'not judged: rights-missing in the whole fleet',
    });
    await world.admin.delete(DEPLOYMENTS, { namespace, name: FDD });

    const body = { kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects };
    await createClusterWide(world.admin, body);
    await until('it is over', readFleetWide, (found) => found === undefined);
    const { steps } = await healed(namespace);

    expect(steps).toMatchObject([{ means: 'deploy', rule: 'no-deployment', end: 'completed' }]);
  });

  async function readFleetWide(): Promise<HealingStatus['fleetWide']> {
    const response = await fetch(`${skipper.api.url}/api/healing`);
    return ((await response.json()) as { status: HealingStatus }).status.fleetWide;
  }

  async function readRules(namespace: string): Promise<HealthRules> {
    const response = await fetch(`${skipper.api.url}/api/namespaces/${namespace}`);
    return ((await response.json()) as { healing: HealthRules }).healing;
  }

  test('without the right to delete pods, the step fails with that reason', async () => {
    const namespace = await world.createNamespace('team-denied', { workerRoles: ROLES.slice(0, 2) });
    await world.fdds.installFdd(namespace, { image: IMAGE });
    await skipper.sees(namespace);
    await skipper.deploy([namespace]);
    world.fdds.misbehaviour.set(namespace, { kind: 'crash-loop' });
    const pods = await world.admin.request<{ items: { metadata: { name: string } }[] }>({
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/pods`,
    });
    for (const { metadata } of pods.items) await world.admin.delete(PODS, { namespace, name: metadata.name });

    const step = await until('the restart has failed', async () => {
      const response = await fetch(`${skipper.api.url}/api/healing?namespace=${namespace}`);
      const { namespaces } = (await response.json()) as { namespaces: readonly NamespaceHealing[] };
      return namespaces[0]?.steps.find(({ means, endedAt }) => means === 'restart' && endedAt !== undefined);
    });

    expect(step).toMatchObject({ end: 'failed', result: expect.stringMatching(/cannot delete|forbidden/) });
    world.fdds.misbehaviour.clear(namespace);
  });
});
