import { beforeAll, expect, test } from '@jest/globals';
import { BOOTSTRAP_FOR_ANNOTATION, BOOTSTRAP_POD } from '../../domain/cluster/names.ts';
import type { NamespaceHealing } from '../../domain/heal/healing.ts';
import { LADDERS } from '../../domain/heal/ladder.ts';
import type { Rule } from '../../domain/heal/rule.ts';
import { APPLICATIONS, DEPLOYMENTS, PODS, pathOf, type Resource } from '../../shared/kubernetes/resources.ts';
import type { Fault } from '../../simulator/fdd/misbehaviour.ts';
import { aRelease, OLD_IMAGE } from '../support/builders.ts';
import { FDD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { PATIENT_FLAGS } from '../support/world-skippers.ts';

/** Waits end after 1, 2, 4, … seconds; nobody is too many, and nothing too much at once. */
const FLAGS = {
  'heal-interval': 0.25,
  'heal-backoff': 1,
  'heal-hourly-cap': 100,
  'heal-stop-share': '100%',
  'progress-deadline': 6,
  'bootstrap-deadline': 4,
  'max-attempts': 1,
};
const world = useWorld({ flags: { ...FLAGS, heal: 'on' } }, async (opened) => {
  await opened.startApi();
  const namespaces = [...SCENARIOS, STUCK].map(named);
  for (const name of namespaces) await opened.addNamespace(name);
  await opened.withWorker({ flags: PATIENT_FLAGS }, async () => {
    const { id } = await opened.deploy({ namespaces });
    expect((await opened.rolloutFinished(id)).state).toBe('completed');
  });
  await opened.startWorker();
});

interface Scenario {
  readonly rule: Rule;
  /** If the rule has more than one scenario. */
  readonly name?: string;
  /** What is done to a namespace that is well. */
  readonly act: (namespace: string) => Promise<unknown>;
  /** The steps that it takes, if nothing else changes. */
  readonly steps: readonly string[];
  readonly end: NamespaceHealing['state'];
  /** What holds at the end, if that is another rule: the id that the deploy wrote is not taken up either. */
  readonly lastRule?: Rule;
  /** Its cause is removed before the first step, which therefore helps. */
  readonly isCured?: boolean;
  /** Its FDD is available. */
  readonly impossible?: 'bootstrap';
  /** Nothing is repaired until the rule is found: another one holds earlier, or its cause is removed by then. */
  readonly isHeld?: boolean;
}

const STUCK = { rule: 'bootstrap-stuck' } as const;
const SCENARIOS: readonly Scenario[] = [
  {
    rule: 'image-pull',
    act: withFault({ kind: 'image-pull-failure' }),
    steps: ['deploy'],
    end: 'quarantined',
  },
  {
    rule: 'oom',
    act: withFault({ kind: 'crash-loop', reason: 'OOMKilled', exitCode: 137 }),
    steps: ['restart', 'deploy'],
    end: 'quarantined',
  },
  {
    rule: 'unavailable',
    act: withFault({ kind: 'container-config-error', message: 'no such secret' }),
    steps: ['restart', 'deploy', 'bootstrap'],
    end: 'quarantined',
    lastRule: 'unreported',
  },
  { rule: 'unschedulable', act: withFault({ kind: 'unschedulable' }), steps: [], end: 'left-alone' },
  {
    rule: 'scaled-down',
    act: (namespace) => patch(DEPLOYMENTS, namespace, { spec: { replicas: 0 } }),
    steps: [],
    end: 'left-alone',
  },
  {
    rule: 'wrong-image',
    act: (namespace) => changeDeployment(namespace, OLD_IMAGE),
    steps: ['deploy'],
    end: 'watching',
  },
  {
    rule: 'unreported',
    act: async (namespace) => {
      world.fdds.misbehaviour.set(namespace, { kind: 'deaf', untilRestart: true });
      await writeId(namespace);
    },
    steps: ['restart'],
    end: 'watching',
  },
  {
    rule: 'unreported',
    name: 'never-reported',
    act: async (namespace) => {
      await withFault({ kind: 'deaf' })(namespace);
      await writeId(namespace);
    },
    steps: ['restart', 'deploy'],
    end: 'quarantined',
    impossible: 'bootstrap',
  },
  {
    rule: 'failed-report',
    act: async (namespace) => {
      const lines = ['no such ingress class'];
      world.fdds.misbehaviour.set(namespace, { kind: 'failed', lines, afterDeployment: true });
      await writeId(namespace);
    },
    steps: ['deploy'],
    end: 'watching',
    isCured: true,
    isHeld: true,
  },
  {
    rule: 'progress-deadline',
    act: async (namespace) => {
      world.fdds.misbehaviour.set(namespace, { kind: 'slow-start', ms: 3_600_000 });
      const template = { metadata: { annotations: { changed: 'yes' } } };
      await patch(DEPLOYMENTS, namespace, { spec: { progressDeadlineSeconds: 1, template } });
    },
    steps: ['restart', 'deploy'],
    end: 'quarantined',
    isHeld: true,
  },
];

function withFault(fault: Fault) {
  return async (namespace: string) => {
    world.fdds.misbehaviour.set(namespace, fault);
    for (const { metadata } of await podsIn(namespace)) {
      await world.kube.delete(PODS, { namespace, name: metadata.name }, { gracePeriodSeconds: 0 });
    }
  };
}

async function podsIn(namespace: string): Promise<readonly Raw[]> {
  const path = pathOf(PODS, { namespace });
  return (await world.kube.request<Raw>({ method: 'GET', path })).items;
}

/** As a user of kubectl would. */
function patch(resource: Resource, namespace: string, body: unknown): Promise<unknown> {
  const path = pathOf(resource, { namespace, name: FDD });
  const query = { fieldManager: 'kubectl-edit' };
  return world.kube.request({ method: 'PATCH', patchType: 'merge', path, query, body });
}

const writeId = (namespace: string) =>
  patch(APPLICATIONS, namespace, { metadata: { labels: { 'fiaas/deployment_id': `new-${namespace}` } } });

function changeDeployment(namespace: string, image: string): Promise<unknown> {
  return patch(DEPLOYMENTS, namespace, {
    spec: { template: { spec: { containers: [{ name: FDD, image }] } } },
  });
}

function createBootstrapPod(namespace: string, deploymentId: string): Promise<unknown> {
  const { image } = aRelease();
  return world.kube.create(PODS, namespace, {
    metadata: {
      name: BOOTSTRAP_POD,
      labels: { app: BOOTSTRAP_POD },
      annotations: { [BOOTSTRAP_FOR_ANNOTATION]: deploymentId },
    },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: BOOTSTRAP_POD, image, command: [BOOTSTRAP_POD], args: ['--enable-crd-support'] }],
    },
  });
}

const command = (namespace: string, name: 'hold' | 'release') =>
  world.http(`/api/namespaces/${namespace}/${name}`, {
    method: 'POST',
    body: { reason: 'a test' },
  });

async function healingOf(namespace: string): Promise<NamespaceHealing | undefined> {
  return (await world.http(`/api/healing?namespace=${namespace}`)).body.namespaces[0];
}

const named = ({ rule, name = rule }: Pick<Scenario, 'rule' | 'name'>) => `ladder-${name}`;

beforeAll(async () => {
  const held = SCENARIOS.filter(({ isHeld }) => isHeld).map(named);
  for (const name of held) expect((await command(name, 'hold')).status).toBe(200);
  await Promise.all(SCENARIOS.map((scenario) => scenario.act(named(scenario))));
  for (const scenario of SCENARIOS.filter(({ isCured, isHeld }) => isCured || isHeld)) {
    const { rule, isCured, isHeld } = scenario;
    await until(
      async () => (await healingOf(named(scenario)))?.findings[0]?.rule === rule,
      `${rule} is found`,
    );
    if (isCured) world.fdds.misbehaviour.clear(named(scenario));
    if (isHeld) await command(named(scenario), 'release');
  }
});

test.each(SCENARIOS)('$rule: $steps, then $end', async (scenario) => {
  const { rule, steps, end, lastRule = rule, impossible } = scenario;
  const ended = await until(async () => {
    const healing = await healingOf(named(scenario));
    const isOver = healing?.state === end && healing.steps.length >= steps.length;
    if (!isOver) throw new Error(JSON.stringify(healing));
    return healing;
  }, `${rule} is ${end}`);

  expect(ended.steps.map(({ means }) => means)).toEqual(steps);
  if (ended.steps[0]) expect(ended.steps[0].rule).toBe(rule);
  else expect(ended.findings[0]?.rule).toBe(rule);
  if (end !== 'quarantined') return;
  expect(steps).toEqual(LADDERS[rule].filter((means) => means !== 'wait' && means !== impossible));
  expect(ended.quarantine).toMatchObject({
    rule: expect.stringMatching(`^(${rule}|${lastRule})$`),
    reason: expect.stringMatching(/it still does not work after/),
  });
  expect(ended.quarantine?.evidence).not.toBe('');
});

test('an image that can be pulled again ends the quarantine', async () => {
  await until(
    async () => (await healingOf(named({ rule: 'image-pull' })))?.quarantine,
    'it is in quarantine',
  );
  world.fdds.misbehaviour.clear(named({ rule: 'image-pull' }));

  await until(
    async () => !(await healingOf(named({ rule: 'image-pull' })))?.quarantine,
    'the quarantine ends',
  );
});

test('bootstrap-stuck: deploy, then deploy', async () => {
  const namespace = named(STUCK);
  const stuckSteps = async () =>
    ((await healingOf(namespace))?.steps ?? []).filter(({ rule }) => rule === STUCK.rule);
  world.fdds.misbehaviour.set(namespace, { kind: 'hang' });

  for (const rung of [1, 2]) {
    // A worker has died during a bootstrap. It is held until the rule is found, because others hold earlier.
    await command(namespace, 'hold');
    const id = `bootstrap-${rung}`;
    await patch(APPLICATIONS, namespace, { metadata: { labels: { 'fiaas/deployment_id': id } } });
    await createBootstrapPod(namespace, id);
    await until(
      async () => (await healingOf(namespace))?.findings[0]?.rule === 'bootstrap-stuck',
      'it is found',
    );
    await command(namespace, 'release');
    // It is held again before the step ends: then another rule holds.
    await until(async () => (await world.deploymentId(namespace)) !== id, 'it is deployed');
    await command(namespace, 'hold');
    await until(async () => (await stuckSteps())[rung - 1]?.endedAt, 'it has ended');
  }

  expect((await stuckSteps()).map(({ means }) => means)).toEqual(LADDERS['bootstrap-stuck']);
}, 240_000);
