import { beforeAll, expect, test } from '@jest/globals';
import { findRules } from '../../domain/heal/find-rules.ts';
import type { Finding, Rule } from '../../domain/heal/rule.ts';
import type { JudgedRecord } from '../../domain/heal/rule-input.ts';
import { sightOf } from '../../domain/heal/sight-of.ts';
import { type ClusterCache, watchCluster } from '../../shared/kubernetes/cluster-cache.ts';
import {
  APPLICATIONS,
  CUSTOM_RESOURCE_DEFINITIONS,
  DEPLOYMENTS,
  PODS,
  pathOf,
  type Resource,
} from '../../shared/kubernetes/resources.ts';
import type { Fault } from '../../simulator/fdd/misbehaviour.ts';
import { aRelease, OLD_IMAGE, silentLog } from '../support/builders.ts';
import { FDD, NEW } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const GRACE_MS = 1_000;
const TIMINGS = { graceMs: GRACE_MS, deafAfterMs: 0, progressDeadlineMs: 1_000, bootstrapDeadlineMs: 1_000 };
const DEPLOYED: JudgedRecord = {
  generation: 1,
  handled: 1,
  phase: 'done',
  lastFailure: '',
  lastState: 'completed',
  lastCode: '',
  reason: '',
  finishedAt: 0,
};

const world = useWorld({ delays: { backoffMs: 100, backoffCapMs: 800 } });
let cluster: ClusterCache;

beforeAll(() => {
  cluster = watchCluster({ client: world.kube, log: silentLog });
  world.onClose(cluster.stop);
});

function find(namespace: string, timings = TIMINGS): Finding[] {
  return findRules({
    snapshot: cluster.snapshot(namespace),
    record: DEPLOYED,
    deployed: aRelease(),
    unbegun: undefined,
    before: [],
    timings,
    now: Date.now(),
  });
}

const rulesIn = (namespace: string): Rule[] => find(namespace).map(({ rule }) => rule);

/** A namespace in which nothing is wrong. */
async function well(namespace: string): Promise<string> {
  await world.addNamespace(namespace, { fdd: NEW });
  await until(() => cluster.snapshot(namespace).deployment?.availableReplicas === 1, 'FDD is seen');
  // The watches see what was written before the Deployment at other times.
  await until(() => rulesIn(namespace).length === 0, 'nothing is wrong');
  return namespace;
}

/** As a user of kubectl would. */
function patch(resource: Resource, namespace: string, body: unknown): Promise<unknown> {
  const path = pathOf(resource, { namespace, name: FDD });
  return world.kube.request({
    method: 'PATCH',
    patchType: 'merge',
    path,
    query: { fieldManager: 'kubectl-edit' },
    body,
  });
}

const writeId = (namespace: string) =>
  patch(APPLICATIONS, namespace, { metadata: { labels: { 'fiaas/deployment_id': `new-${namespace}` } } });

async function replacePods(namespace: string): Promise<void> {
  const { pods } = cluster.snapshot(namespace);
  for (const { name } of pods) await world.kube.delete(PODS, { namespace, name }, { gracePeriodSeconds: 0 });
}

/** What is done to a namespace that is well, and the rules that hold then. */
const CASES: readonly (readonly [Rule, readonly Rule[], (namespace: string) => Promise<unknown>])[] = [
  [
    'no-deployment',
    ['no-deployment'],
    (namespace) => world.kube.delete(DEPLOYMENTS, { namespace, name: FDD }),
  ],
  ['scaled-down', ['scaled-down'], (namespace) => patch(DEPLOYMENTS, namespace, { spec: { replicas: 0 } })],
  ['image-pull', ['image-pull', 'unavailable'], withFault({ kind: 'image-pull-failure' })],
  ['oom', ['oom', 'unavailable'], withFault({ kind: 'crash-loop', reason: 'OOMKilled', exitCode: 137 })],
  ['crash-loop', ['crash-loop', 'unavailable'], withFault({ kind: 'crash-loop' })],
  ['unschedulable', ['unschedulable', 'unavailable'], withFault({ kind: 'unschedulable' })],
  [
    'failed-report',
    ['failed-report'],
    async (namespace) => {
      const lines = ['no such ingress class'];
      world.fdds.misbehaviour.set(namespace, { kind: 'failed', lines, afterDeployment: true });
      await writeId(namespace);
    },
  ],
  [
    'progress-deadline',
    ['image-pull', 'progress-deadline', 'unavailable'],
    async (namespace) => {
      world.fdds.misbehaviour.set(namespace, { kind: 'image-pull-failure' });
      const template = { metadata: { annotations: { changed: 'yes' } } };
      await patch(DEPLOYMENTS, namespace, { spec: { progressDeadlineSeconds: 1, template } });
    },
  ],
  [
    'drifted',
    ['drifted', 'wrong-image'],
    (namespace) => patch(APPLICATIONS, namespace, { spec: { image: OLD_IMAGE } }),
  ],
  [
    'drifted',
    ['no-deployment', 'drifted'],
    (namespace) => world.kube.delete(APPLICATIONS, { namespace, name: FDD }),
  ],
  [
    'unreported',
    ['unreported'],
    async (namespace) => {
      world.fdds.misbehaviour.set(namespace, { kind: 'hang' });
      await writeId(namespace);
    },
  ],
  ['unavailable', ['unavailable'], withFault({ kind: 'container-config-error', message: 'no such secret' })],
];

function withFault(fault: Fault) {
  return async (namespace: string) => {
    world.fdds.misbehaviour.set(namespace, fault);
    await replacePods(namespace);
  };
}

test.each(CASES)('%s', async (rule, expected, act) => {
  const namespace = await well(`rule-${CASES.findIndex(([, , each]) => each === act)}`);
  const before = Date.now();

  await act(namespace);

  await until(() => rulesIn(namespace).join() === expected.join(), `${expected.join()} in ${namespace}`);
  const finding = find(namespace).find((each) => each.rule === rule);
  // Times are in whole seconds, and the pod can be older than its trouble.
  expect(finding?.since).toBeGreaterThanOrEqual(before - 2_000);
  expect(finding?.evidence).not.toMatch(/undefined|NaN/);
  if (rule === 'scaled-down') expect(finding?.by).toBe('kubectl-edit');
  if (expected.includes('wrong-image')) expect(finding?.by).toBe('kubectl-edit');
});

test('wrong-image: of a Deployment that somebody changed', async () => {
  const namespace = await well('rule-changed');

  const containers = [{ name: FDD, image: OLD_IMAGE }];
  await patch(DEPLOYMENTS, namespace, { spec: { template: { spec: { containers } } } });

  await until(() => rulesIn(namespace).includes('wrong-image'), 'it is found');
});

test('bootstrap-stuck', async () => {
  const namespace = 'rule-bootstrap';
  await world.addNamespace(namespace);
  world.fdds.misbehaviour.set(namespace, { kind: 'hang' });
  const name = 'fiaas-deploy-daemon-bootstrap';
  await world.kube.create(PODS, namespace, {
    metadata: { name, labels: { app: name } },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name, image: aRelease().image, command: [name], args: ['--enable-crd-support'] }],
    },
  });

  const evidence = () => find(namespace).find(({ rule }) => rule === 'bootstrap-stuck')?.evidence;
  await until(
    () => /^bootstrap pod, started at 20[\d: -]+ UTC: is ready$/.test(evidence() ?? ''),
    'it is found',
  );
});

test('a crash loop holds from its first restarts on, also while the container runs', async () => {
  const namespace = await well('rule-stable');
  world.fdds.misbehaviour.set(namespace, { kind: 'crash-loop' });
  const pod = () => cluster.snapshot(namespace).pods[0];
  const patient = { ...TIMINGS, graceMs: 600_000 };
  const isFound = () => find(namespace, patient).some(({ rule }) => rule === 'crash-loop');
  await until(() => (pod()?.restarts ?? 0) >= 3, 'it was restarted three times');
  expect(isFound()).toBe(true);

  world.fdds.misbehaviour.clear(namespace);
  await until(() => pod()?.ready, 'it runs');
  expect(isFound()).toBe(true);
  await until(() => rulesIn(namespace).length === 0, 'it ends once FDD runs');
});

test('crd-missing, in every namespace', async () => {
  await world.kube.delete(CUSTOM_RESOURCE_DEFINITIONS, { name: 'applications.fiaas.schibsted.io' });

  const findings = await until(() => {
    const sight = sightOf(cluster.watches());
    return sight.kind === 'fleet-wide' ? sight.findings : undefined;
  }, 'it is found');
  expect(findings[0]).toMatchObject({ rule: 'crd-missing', isFleetWide: true });
});
