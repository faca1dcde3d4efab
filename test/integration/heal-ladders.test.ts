import { beforeAll, expect, test } from '@jest/globals';
import type { NamespaceHealing } from '../../domain/heal/healing.ts';
import { LADDERS } from '../../domain/heal/ladder.ts';
import type { Rule } from '../../domain/heal/rule.ts';
import { APPLICATIONS, DEPLOYMENTS, PODS, pathOf, type Resource } from '../../shared/kubernetes/resources.ts';
import type { Fault } from '../../simulator/fdd/misbehaviour.ts';
import { OLD_IMAGE } from '../support/builders.ts';
import { FDD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

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
const world = useWorld({ flags: { ...FLAGS, heal: 'on' }, openTimeoutMs: 120_000 }, async (opened) => {
  await opened.startApi();
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
  /** It is removed after the first step, which therefore helps. */
  readonly isCured?: boolean;
  /** Its FDD is available. */
  readonly impossible?: 'bootstrap';
}

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
    act: (namespace) => {
      const containers = [{ name: FDD, image: OLD_IMAGE }];
      return patch(DEPLOYMENTS, namespace, { spec: { template: { spec: { containers } } } });
    },
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
  },
];

function withFault(fault: Fault) {
  return async (namespace: string) => {
    world.fdds.misbehaviour.set(namespace, fault);
    const { items } = await world.kube.request<Raw>({ method: 'GET', path: pathOf(PODS, { namespace }) });
    for (const { metadata } of items) {
      await world.kube.delete(PODS, { namespace, name: metadata.name }, { gracePeriodSeconds: 0 });
    }
  };
}

/** As a user of kubectl would. */
function patch(resource: Resource, namespace: string, body: unknown): Promise<unknown> {
  const path = pathOf(resource, { namespace, name: FDD });
  const query = { fieldManager: 'kubectl-edit' };
  return world.kube.request({ method: 'PATCH', patchType: 'merge', path, query, body });
}

const writeId = (namespace: string) =>
  patch(APPLICATIONS, namespace, { metadata: { labels: { 'fiaas/deployment_id': `new-${namespace}` } } });

async function healingOf(namespace: string): Promise<NamespaceHealing | undefined> {
  return (await world.http(`/api/healing?namespace=${namespace}`)).body.namespaces[0];
}

const named = ({ rule, name = rule }: Pick<Scenario, 'rule' | 'name'>) => `ladder-${name}`;

beforeAll(async () => {
  const names = SCENARIOS.map(named);
  for (const name of names) await world.addNamespace(name);
  await world.rolloutFinished((await world.deploy({ namespaces: names })).id, 60_000);
  await Promise.all(SCENARIOS.map((scenario) => scenario.act(named(scenario))));
  for (const scenario of SCENARIOS.filter(({ isCured }) => isCured)) {
    const { rule } = scenario;
    await until(
      async () => (await healingOf(named(scenario)))?.findings[0]?.rule === rule,
      `${rule} is found`,
    );
    world.fdds.misbehaviour.clear(named(scenario));
  }
}, 120_000);

test.each(SCENARIOS)(
  '$rule: $steps, then $end',
  async (scenario) => {
    const { rule, steps, end, lastRule = rule, impossible } = scenario;
    const ended = await until(
      async () => {
        const healing = await healingOf(named(scenario));
        const isOver = healing?.state === end && healing.steps.length >= steps.length;
        if (!isOver) throw new Error(JSON.stringify(healing));
        return healing;
      },
      `${rule} is ${end}`,
      100_000,
    );

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
  },
  120_000,
);

test('an image that can be pulled again ends the quarantine', async () => {
  await until(
    async () => (await healingOf(named({ rule: 'image-pull' })))?.quarantine,
    'it is in quarantine',
    100_000,
  );
  world.fdds.misbehaviour.clear(named({ rule: 'image-pull' }));

  await until(
    async () => !(await healingOf(named({ rule: 'image-pull' })))?.quarantine,
    'the quarantine ends',
    60_000,
  );
}, 180_000);
