import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Job } from 'bullmq';
import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import { STALE_DECISION_MS } from '../../domain/heal/heal-steps.ts';
import type { HealingStatus } from '../../domain/heal/healing.ts';
import type { WatchHealth } from '../../domain/heal/sight-of.ts';
import { ok } from '../../domain/release/result.ts';
import type { Means } from '../../domain/rollout/repair.ts';
import { HOUR_MS } from '../../domain/time-parts.ts';
import type { DeployQueue } from '../../shared/deploy-jobs.ts';
import { createDeployService } from '../../shared/deploy-service.ts';
import { createHealCommands } from '../../shared/heal-commands.ts';
import { createMetrics } from '../../shared/metrics.ts';
import type { RedisConnection } from '../../shared/redis.ts';
import { openDesiredState } from '../../shared/state/desired-state.ts';
import type { Run } from '../../shared/state/runs.ts';
import { type HealDependencies, healFleet } from '../../worker/heal-fleet.ts';
import {
  aConfig,
  aDeployment,
  anApplication,
  aPod,
  aRelease,
  aSnapshot,
  aStatus,
  silentLog,
} from './builders.ts';
import { someHealSettings } from './healing-builders.ts';
import { openEpoch } from './open-epoch.ts';

const RELEASES = [1, 2, 3].map((n) => aRelease({ image: `fiaas/fdd:v${n}`, version: `v${n}` }));
const LEASE_MS = 60_000;
export const CAP = 2;

export type Sickness = 'deleted' | 'crashing' | 'unavailable' | 'drifted' | 'failed';
type Cure = Exclude<Means, 'wait'> | 'nothing';

/** `report` and `off`: the pass of a worker with that mode. */
type How = 'once' | 'twice' | 'dies' | 'dies late' | 'report' | 'off';

export type HealStep =
  | { readonly kind: 'fall'; readonly namespace: string; readonly sickness: Sickness; readonly cure: Cure }
  | { readonly kind: 'recover' | 'edit' | 'begin' | 'hold' | 'free' | 'release'; readonly namespace: string }
  | { readonly kind: 'finish'; readonly namespace: string; readonly isDone: boolean }
  | { readonly kind: 'request'; readonly namespaces: readonly string[]; readonly isPaused: boolean }
  | { readonly kind: 'publish'; readonly version: number }
  | { readonly kind: 'pass'; readonly how: How }
  | { readonly kind: 'pass while'; readonly meanwhile: HealStep }
  /** Its worker is suspended before it requests what it has decided. */
  | { readonly kind: 'late pass'; readonly meanwhile: readonly HealStep[] }
  | { readonly kind: 'stop' | 'resume' }
  /** All watches of the cluster lack a permission, or have it again. */
  | { readonly kind: 'refuse' | 'grant' }
  | { readonly kind: 'tick'; readonly ms: number };

interface FakeNamespace {
  config: number;
  sickness: Sickness | undefined;
  cure: Cure;
  /** The release that FDD runs. */
  release: number;
  pod: number;
}

/** Skipper without a cluster: real scripts, passes and decisions; the cluster, the runs and the clock are fake. */
export function openHealingWorld(redis: RedisConnection, clock: { now: number }, names: readonly string[]) {
  const prefix = `{test-${randomUUID()}}`;
  const state = openDesiredState(redis, prefix);
  void openEpoch(redis, prefix);
  let published = 0;
  const runs = new Map<string, Run>();
  const namespaces = new Map(names.map((name) => [name, well()]));
  const of = (name: string): FakeNamespace => {
    const found = namespaces.get(name);
    if (!found) throw new Error(`unknown: ${name}`);
    return found;
  };
  /** When a repair was accepted, by namespace. */
  const repairs: { readonly namespace: string; readonly at: number }[] = [];
  const steps = new Set<string>();
  const paused: string[] = [];

  let refusedWatches: readonly WatchHealth[] = [];
  const cluster = {
    isSynced: () => true,
    watches: () => refusedWatches,
    namespaces: () => [...names],
    snapshot: (name: string) => snapshotOf(name, of(name)),
  };
  const queue = {
    addBulk: async () => undefined,
    getJob: async () => undefined,
    getDeduplicationJobId: async () => null,
    removeDeduplicationKey: async () => 1,
  } as unknown as DeployQueue;
  const policy = { current: () => ({}) };

  /** No repair is accepted beside other work. */
  const watched: typeof state = {
    ...state,
    request: async (request) => {
      const before = await state.records(names);
      const answer = await state.request(request);
      if (request.rollout.trigger !== 'heal' || answer.kind !== 'accepted') return answer;
      for (const { namespace, generation } of answer.targets) {
        if (generation === undefined) continue;
        const record = before.get(namespace);
        assert.equal(record?.generation, record?.handled, `${namespace} is repaired beside other work`);
        repairs.push({ namespace, at: clock.now });
      }
      return answer;
    },
  };
  const service = createDeployService({
    cluster,
    releases: {
      problems: () => [],
      resolve: async (tags) =>
        new Map(
          [...tags].map((tag) => [
            tag,
            { tag, release: RELEASES[published], problem: undefined, checkedAt: 1, updated: undefined },
          ]),
        ),
    },
    state: watched,
    metrics: createMetrics(),
    policy,
    selectNamespaces: async () => new Set(),
    log: silentLog,
    manageRbac: true,
    readConfig: async (name) => cluster.snapshot(name).config,
    queue,
    rolloutQueue: { add: async () => ({}) as Job },
  });
  const commands = createHealCommands({ state });
  const operator = { by: 'jo', reason: 'a test' };

  const dependencies: HealDependencies = {
    cluster,
    state,
    policy,
    service,
    log: silentLog,
    rebuilds: () => undefined,
    readQuotas: async () => '',
    timings: { graceMs: 60_000, deafAfterMs: 0, progressDeadlineMs: 300_000, bootstrapDeadlineMs: 180_000 },
    settings: someHealSettings({ hourlyCap: String(CAP), stopShare: '3' }),
  };

  async function pass(how: How): Promise<void> {
    if (how === 'once') return void (await healFleet(dependencies));
    if (how === 'report' || how === 'off') {
      const settings = { ...dependencies.settings, mode: how };
      return void (await healFleet({ ...dependencies, settings }));
    }
    if (how === 'twice') {
      await Promise.all([healFleet(dependencies), healFleet(dependencies)]);
      return;
    }
    const dying =
      how === 'dies'
        ? { ...dependencies, service: dyingBefore() }
        : { ...dependencies, service: dyingAfter() };
    await healFleet(dying).catch((error: unknown) => {
      if (!(error instanceof Error && error.message === 'dies')) throw error;
    });
  }

  const dyingBefore = () => ({ request: () => Promise.reject(new Error('dies')) });
  const dyingAfter = () => ({
    request: async (...args: Parameters<typeof service.request>) => {
      await service.request(...args);
      throw new Error('dies');
    },
  });

  /** Something happens between what a pass has read and what it stores. */
  async function passWhile(meanwhile: HealStep): Promise<void> {
    let isFirst = true;
    const interrupted: HealDependencies = {
      ...dependencies,
      state: {
        ...state,
        saveHealing: async (change) => {
          if (isFirst) {
            isFirst = false;
            await perform(meanwhile);
          }
          return state.saveHealing(change);
        },
      },
    };
    await healFleet(interrupted);
  }

  async function latePass(meanwhile: readonly HealStep[]): Promise<void> {
    const late = {
      request: async (...args: Parameters<typeof service.request>) => {
        for (const step of meanwhile) await perform(step);
        return service.request(...args);
      },
    };
    await healFleet({ ...dependencies, service: late });
  }

  async function begin(name: string): Promise<void> {
    if (runs.has(name)) return;
    const lease = { token: randomUUID(), leaseMs: LEASE_MS, inFlight: { max: undefined, ttlMs: 60_000 } };
    const begun = await state.begin(name, name, lease);
    if (begun.kind === 'run') runs.set(name, begun.run);
  }

  async function finish(name: string, isDone: boolean): Promise<void> {
    const run = runs.get(name);
    if (!run) return;
    runs.delete(name);
    const fdd = of(name);
    fdd.pod += 1;
    const means = run.repair?.means ?? 'deploy';
    if (isDone && (fdd.cure === means || fdd.sickness === 'drifted')) fdd.sickness = undefined;
    const isWell = isDone && fdd.sickness === undefined;
    if (isWell) fdd.release = RELEASES.findIndex(({ version }) => version === run.release.version);
    await state.finish(
      name,
      run,
      isWell ? { state: 'completed' } : { state: 'failed', reason: 'it crashed' },
    );
  }

  async function request(wanted: readonly string[], isPaused: boolean): Promise<void> {
    const { rollout } = await service.request({
      namespaces: wanted,
      forceBootstrap: false,
      trigger: 'api',
      requestedBy: 'jo',
      strategy: { type: 'All' },
      ...(isPaused && { pausedBecause: 'a test' }),
    });
    if (isPaused) paused.push(rollout.id);
  }

  async function perform(step: HealStep): Promise<void> {
    switch (step.kind) {
      case 'fall':
        Object.assign(of(step.namespace), { sickness: step.sickness, cure: step.cure });
        return;
      case 'recover':
        of(step.namespace).sickness = undefined;
        return;
      case 'edit':
        of(step.namespace).config += 1;
        return;
      case 'hold':
        return state.hold([step.namespace], { ...operator, at: clock.now });
      case 'free':
        await state.endHold([step.namespace]);
        return;
      case 'release':
        await commands.release({ ...operator, namespaces: [step.namespace] });
        return;
      case 'begin':
        return begin(step.namespace);
      case 'finish':
        return finish(step.namespace, step.isDone);
      case 'request':
        return request(step.namespaces, step.isPaused);
      case 'publish':
        published = step.version % RELEASES.length;
        return;
      case 'pass':
        return pass(step.how);
      case 'pass while':
        return passWhile(step.meanwhile);
      case 'late pass':
        return latePass(step.meanwhile);
      case 'stop':
      case 'resume':
        if (await state.healingStatus()) await commands[step.kind](operator);
        return;
      case 'refuse':
        refusedWatches = [refusedSince(clock.now)];
        return;
      case 'grant':
        refusedWatches = [];
        return;
      case 'tick':
        clock.now += step.ms;
    }
  }

  async function check(): Promise<HealingStatus | undefined> {
    const healing = await state.healing();
    for (const [name, each] of healing) {
      const open = each.steps.filter(({ endedAt }) => endedAt === undefined);
      assert.ok(open.length <= 1, `${name} has ${open.length} steps under way`);
      assert.ok(each.steps.length <= 30, `${name} has ${each.steps.length} steps`);
      for (const { at } of each.steps) steps.add(`${name} ${at}`);
    }
    for (const name of names) {
      const accepted = repairs.filter(({ namespace }) => namespace === name).length;
      const decided = [...steps].filter((step) => step.startsWith(`${name} `)).length;
      assert.ok(accepted <= decided, `${name}: ${accepted} repairs, but ${decided} were decided`);
    }
    for (const { at } of repairs) {
      const within = repairs.filter((each) => each.at <= at && at - each.at < HOUR_MS - STALE_DECISION_MS);
      const healed = new Set(within.map(({ namespace }) => namespace));
      assert.ok(healed.size <= CAP, `${[...healed]} were healed within an hour`);
    }
    return state.healingStatus();
  }

  /** Nobody but healing does anything any more. It comes to an end: everything is well, or given up. */
  async function drain(): Promise<void> {
    refusedWatches = [];
    for (const name of names) await state.endHold([name]);
    for (const id of paused) {
      const known = await state.knownRollout(id);
      if (!known) continue;
      const ends = [...known.targets].map(([namespace]) => ({
        namespace,
        state: 'cancelled' as const,
        reason: 'a test',
      }));
      await state.advance({
        id,
        revision: known.status.revision,
        ends,
        change: { state: 'cancelled', reason: '', failures: [] },
      });
    }
    await perform({ kind: 'resume' });
    let quiet = 0;
    for (let round = 0; quiet < 4; round += 1) {
      assert.ok(round < 400, `healing does not end: ${JSON.stringify([...(await state.healing())])}`);
      const before = repairs.length;
      await perform({ kind: 'tick', ms: HOUR_MS / 2 });
      await pass('once');
      for (const name of names) {
        await begin(name);
        await finish(name, true);
      }
      const status = await check();
      if (status?.stopped) await perform({ kind: 'resume' });
      quiet = repairs.length === before && !status?.stopped ? quiet + 1 : 0;
    }
    const healing = await state.healing();
    for (const name of names) {
      const { sickness } = of(name);
      const known = healing.get(name)?.state;
      const isKnown = (await state.records([name])).has(name);
      if (sickness === undefined) assert.ok(known !== 'quarantined', `${name} is well, and ${known}`);
      else if (isKnown) assert.equal(known, 'quarantined', `${name} is ${sickness}`);
    }
  }

  return {
    perform: async (step: HealStep) => {
      await perform(step);
      await check();
    },
    drain,
    /** Each cause in the whole fleet has an entry when it begins and one when it ends, in turn. */
    expectBlocksEnd: async () => {
      const { entries } = await state.auditBefore(undefined, 1_000);
      const kinds = entries.map(({ kind }) => kind).filter((kind) => kind.endsWith('blocked'));
      assert.deepEqual(
        kinds,
        kinds.map((_, index) => (index % 2 === 0 ? 'heal.unblocked' : 'heal.blocked')),
      );
      assert.equal(kinds.length % 2, 0);
    },
    healingOf: (name: string) => state.healingOf(name),
    /** The audit log, oldest entry first. */
    audit: async () => (await state.auditBefore(undefined, 100)).entries.toReversed(),
    /** The namespaces of the repairs that were accepted. */
    repaired: () => repairs.map(({ namespace: name }) => name),
  };
}

function well(): FakeNamespace {
  return { config: 1, sickness: undefined, cure: 'nothing', release: 0, pod: 1 };
}

function refusedSince(since: number): WatchHealth {
  const trouble = { since, reason: 'deployments.apps is forbidden', code: 'forbidden' } as const;
  return { name: 'deployments', synced: true, problem: trouble.reason, refused: true, trouble };
}

function snapshotOf(namespace: string, { config, sickness, release, pod }: FakeNamespace): NamespaceSnapshot {
  const { image, config: settings } = RELEASES[release] ?? aRelease();
  const isDown = sickness === 'crashing' || sickness === 'unavailable';
  const waiting = sickness === 'crashing' ? { waiting: { reason: 'CrashLoopBackOff' }, restarts: 5 } : {};
  const application = anApplication({
    image: sickness === 'drifted' ? 'another:image' : image,
    config: settings,
    lastWriter: 'rival',
  });
  const deployment = aDeployment({ image, availableReplicas: isDown ? undefined : 1 });
  return aSnapshot({
    namespace,
    config: ok(aConfig({ namespace, resourceVersion: String(config), configDigest: `settings ${config}` })),
    application,
    deployment: sickness === 'deleted' ? undefined : deployment,
    statuses: [aStatus({ result: sickness === 'failed' ? 'FAILED' : 'SUCCESS' })],
    pods: sickness === 'deleted' ? [] : [aPod({ name: `fdd-${pod}`, ready: !isDown, ...waiting })],
  });
}
