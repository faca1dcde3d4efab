import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Job } from 'bullmq';
import { ok } from '../../domain/release/result.ts';
import { isOpen } from '../../domain/rollout/rollout.ts';
import type { Strategy } from '../../domain/rollout/strategy.ts';
import { type DeployQueue, openDeployJobs } from '../../shared/deploy-jobs.ts';
import { createDeployService, type DeployCommand } from '../../shared/deploy-service.ts';
import { createMetrics } from '../../shared/metrics.ts';
import { type RedisConnection, untilReady } from '../../shared/redis.ts';
import { createRolloutCommands, RolloutConflictError } from '../../shared/rollout-commands.ts';
import { shownStateOf } from '../../shared/shown-state-of.ts';
import { openDesiredState } from '../../shared/state/desired-state.ts';
import type { KnownRollout } from '../../shared/state/rollout-control.ts';
import type { Run } from '../../shared/state/runs.ts';
import { decideRolloutJob } from '../../worker/decide-rollout-job.ts';
import { aConfig, aDeployment, anApplication, aParking, aRelease, aSnapshot, silentLog } from './builders.ts';
import { anAttempt } from './details-builders.ts';
import { openEpoch } from './open-epoch.ts';
import { type CommandKind, checkEnds, checkRollout, createRolloutModel } from './rollout-model.ts';

export const RELEASES = [1, 2, 3].map((n) => aRelease({ image: `fiaas/fdd:v${n}`, version: `v${n}` }));
const CHANNELS = ['stable', 'beta'] as const;
const LEASE_MS = 60_000;
const OPERATOR = { by: 'jo', reason: 'a test' };

/** A job of the deploy queue, as BullMQ keeps it. */
interface FakeJob {
  readonly id: string;
  state: 'waiting' | 'delayed' | 'active';
  /** Another one was added while it ran. */
  again: string | undefined;
}

interface FakeNamespace {
  channel: (typeof CHANNELS)[number];
  isMember: boolean;
  isHealthy: boolean;
}

export type Step =
  | {
      readonly kind: 'request';
      readonly namespaces: readonly string[];
      readonly strategy: Strategy;
      readonly isPaused: boolean;
      readonly trigger: 'api' | 'release';
    }
  | { readonly kind: 'publish'; readonly channel: number; readonly release: number }
  | { readonly kind: 'rollback'; readonly rollout: number }
  | { readonly kind: 'decide'; readonly rollout: number; readonly how: 'once' | 'twice' | 'dies' }
  | { readonly kind: 'decide while'; readonly rollout: number; readonly meanwhile: Step }
  | { readonly kind: 'decide due' }
  | {
      readonly kind: CommandKind;
      readonly rollout: number;
      readonly namespaces: readonly string[];
    }
  | {
      readonly kind: 'begin' | 'park' | 'backoff' | 'expire' | 'fall' | 'recover';
      readonly namespace: string;
    }
  | { readonly kind: 'write' | 'die'; readonly namespace: string; readonly isNoted: boolean }
  | { readonly kind: 'finish'; readonly namespace: string; readonly state: 'completed' | 'failed' }
  | { readonly kind: 'zombie'; readonly namespace: string }
  | { readonly kind: 'leave' | 'join'; readonly namespace: string }
  | { readonly kind: 'retag'; readonly namespace: string; readonly channel: number }
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'reconnect' | 'repair' };

export interface RolloutWorld {
  perform(step: Step): Promise<void>;
  /** Operators resume and approve everything, workers finish everything. */
  drain(): Promise<void>;
}

/** Skipper without a cluster: real Lua scripts, real decisions; the cluster, the queue and the clock are fake. */
export function openRolloutWorld(
  redis: RedisConnection,
  clock: { now: number },
  names: readonly string[],
): RolloutWorld {
  const prefix = `{test-${randomUUID()}}`;
  const state = openDesiredState(redis, prefix);
  void openEpoch(redis, prefix);
  const model = createRolloutModel();
  const ids: string[] = [];
  const jobs = new Map<string, FakeJob>();
  const runs = new Map<string, { readonly run: Run; hasWritten: boolean }>();
  const zombies = new Map<string, Run>();
  const published = { stable: RELEASES[0], beta: RELEASES[0] };
  const namespaces = new Map(
    names.map((name): [string, FakeNamespace] => [
      name,
      { channel: 'stable', isMember: true, isHealthy: true },
    ]),
  );
  const of = (name: string): FakeNamespace => {
    const found = namespaces.get(name);
    if (!found) throw new Error(`unknown: ${name}`);
    return found;
  };

  const cluster = {
    isSynced: () => true,
    watches: () => [],
    namespaces: () => names.filter((name) => of(name).isMember),
    snapshot: (name: string) => {
      const { isMember, isHealthy, channel } = of(name);
      const release = RELEASES.find(({ version }) => version === model.version(name));
      return aSnapshot({
        namespace: name,
        config: isMember ? ok(aConfig({ namespace: name, tag: channel })) : undefined,
        application: release && anApplication({ image: release.image, config: release.config }),
        deployment: release && isHealthy ? aDeployment({ image: release.image }) : undefined,
      });
    },
  };

  function addJob(name: string, id: string): void {
    const known = jobs.get(name);
    if (known?.state === 'active') known.again = id;
    else if (!known) jobs.set(name, { id, state: 'waiting', again: undefined });
  }
  const queue = {
    addBulk: async (added: readonly { data: { namespace: string }; opts: { jobId: string } }[]) => {
      for (const { data, opts } of added) addJob(data.namespace, opts.jobId);
    },
    getJob: async (id: string) => {
      const job = [...jobs.values()].find((each) => each.id === id);
      return (
        job && {
          isDelayed: async () => job.state === 'delayed',
          promote: async () => {
            job.state = 'waiting';
          },
          changePriority: async () => undefined,
        }
      );
    },
    getDeduplicationJobId: async (name: string) => jobs.get(name)?.id ?? null,
    removeDeduplicationKey: async () => 1,
  } as unknown as DeployQueue;
  const deployJobs = openDeployJobs(queue);
  const rolloutQueue = { add: async () => ({}) as Job };

  /** In the same step: a release check between the two would begin the same rollout again. */
  async function checkIgnored({ rollout, plans }: KnownRollout): Promise<void> {
    const ignored = await state.ignoredReleases();
    for (const { release } of rollout.trigger === 'release' ? plans.values() : [])
      assert.ok(ignored.has(release), `the cancelled release ${release} is ignored`);
  }

  /** Changes of one rollout come one after the other, as in Redis: so each can be checked. */
  let lastAdvance: Promise<unknown> = Promise.resolve();
  let command: CommandKind | undefined;
  const watched: typeof state = {
    ...state,
    advance: (advance) => {
      const mine = command;
      const done = lastAdvance.then(async () => {
        const before = await state.knownRollout(advance.id);
        const answer = await state.advance(advance);
        const after = await state.knownRollout(advance.id);
        if (answer.kind === 'done' && before && after)
          model.advanced(before, after, { command: mine, now: clock.now });
        if (answer.kind === 'done' && mine === 'cancel' && after) await checkIgnored(after);
        return answer;
      });
      lastAdvance = done.catch(() => undefined);
      return done;
    },
  };
  const commands = createRolloutCommands({ state: watched, queue: rolloutQueue, jobs: deployJobs });
  const service = createDeployService({
    cluster,
    releases: {
      problems: () => [],
      resolve: async (tags) =>
        new Map(
          CHANNELS.filter((tag) => [...tags].includes(tag)).map((tag) => [
            tag,
            { tag, release: published[tag], problem: undefined, checkedAt: 1, updated: undefined },
          ]),
        ),
    },
    state,
    metrics: createMetrics(),
    policy: { current: () => ({}) },
    selectNamespaces: async () => new Set(),
    log: silentLog,
    manageRbac: true,
    readConfig: async (name) => cluster.snapshot(name).config,
    queue,
    rolloutQueue,
  });

  const idOf = (index: number) => ids.at(-1 - (index % Math.max(1, ids.length)));

  async function create(deploy: Omit<DeployCommand, 'forceBootstrap' | 'requestedBy'>): Promise<void> {
    const { rollout } = await service.request({ ...deploy, forceBootstrap: false, requestedBy: 'jo' });
    ids.push(rollout.id);
    const known = await state.knownRollout(rollout.id);
    assert.ok(known, 'what was accepted is stored');
    model.created(known);
  }

  async function rollBack(id: string): Promise<void> {
    const known = await state.knownRollout(id);
    const releases = new Map<string, (typeof RELEASES)[number]>();
    for (const [name, { previous, admittedAt }] of known?.plans ?? []) {
      const release = previous === undefined ? undefined : await state.release(previous);
      if (release && admittedAt !== undefined && of(name).isMember) releases.set(name, release);
    }
    if (releases.size === 0) return;
    const held = [...releases.keys()];
    await create({ namespaces: held, trigger: 'api', releases, rollsBack: id, strategy: { type: 'All' } });
    await state.hold(held, { reason: 'rolled back', by: 'jo', at: clock.now, rolloutId: id });
  }

  const decide = (id: string, parts: { readonly state?: typeof state; readonly dies?: boolean } = {}) =>
    decideRolloutJob(id, {
      state: parts.state ?? watched,
      cluster,
      client: { get: async () => undefined },
      policy: { current: () => ({}) },
      jobs: parts.dies ? { ...deployJobs, enqueue: () => Promise.reject(new Error('dies')) } : deployJobs,
      log: silentLog,
    }).catch((error: unknown) => {
      if (!(parts.dies && error instanceof Error && error.message === 'dies')) throw error;
    });

  async function decideWhile(id: string, meanwhile: Step): Promise<void> {
    let isFirst = true;
    const interrupted: typeof state = {
      ...watched,
      advance: async (advance) => {
        if (isFirst) {
          isFirst = false;
          await perform(meanwhile);
        }
        return watched.advance(advance);
      },
    };
    await decide(id, { state: interrupted });
  }

  async function order(kind: CommandKind, id: string, chosen: readonly string[]): Promise<void> {
    const known = await state.knownRollout(id);
    assert.ok(known, `${id} is stored`);
    const own = chosen.filter((name) => known.targets.has(name));
    const fits = model.fits(kind, shownStateOf(known));
    command = kind;
    try {
      if (kind === 'retry') await commands.retry(id, OPERATOR, own.length > 0 ? own : undefined);
      else if (kind === 'skip') await commands.skip(id, OPERATOR, own);
      else await commands[kind](id, OPERATOR);
      assert.ok(fits, `${kind} was accepted`);
    } catch (error) {
      if (!(error instanceof RolloutConflictError)) throw error;
      const isRefusedAnyway = kind === 'retry' || kind === 'approve';
      assert.ok(!fits || isRefusedAnyway, `${kind} was refused: ${error.message}`);
    } finally {
      command = undefined;
    }
  }

  async function begin(name: string): Promise<void> {
    const job = jobs.get(name);
    if (job?.state !== 'waiting') return;
    const token = randomUUID();
    const begun = await state.begin(name, job.id, {
      token,
      leaseMs: LEASE_MS,
      inFlight: { max: undefined, ttlMs: 60_000 },
    });
    const expected = model.begin(name, token);
    assert.equal(begun.kind, expected.kind);
    if (begun.kind === 'run') {
      assert.equal(begun.run.rolloutId, expected.rolloutId);
      job.state = 'active';
      const hasWritten = begun.run.resumed !== undefined || begun.run.appliedAt !== undefined;
      runs.set(name, { run: begun.run, hasWritten });
    } else if (begun.kind === 'idle') endJob(name);
    else job.state = 'delayed';
  }

  function endJob(name: string): void {
    const again = jobs.get(name)?.again;
    jobs.delete(name);
    if (again !== undefined) addJob(name, again);
  }

  /** As the worker does: what has not written stops for a pause and for a newer request. */
  async function write(name: string, isNoted: boolean): Promise<void> {
    const active = runs.get(name);
    if (!active || active.hasWritten) return;
    const { run } = active;
    const lease = { namespace: name, token: run.token, generation: run.generation };
    const renewed = await state.renew([lease], LEASE_MS);
    const kind = (['lost', 'moved', 'held'] as const).find((each) => renewed[each].length > 0) ?? 'ours';
    assert.equal(kind, model.renewal(name, run.token, run.generation));
    if (kind === 'moved' || kind === 'held') return yieldRun(name, run);
    if (!of(name).isMember) return;
    model.wrote(name, run.rolloutId, run.release.version);
    of(name).isHealthy = true;
    if (!isNoted) return die(name);
    await state.report(name, run, { appliedAt: clock.now });
    model.noted(name);
    active.hasWritten = true;
  }

  async function yieldRun(name: string, run: Run): Promise<void> {
    const ending = { attempt: anAttempt() };
    const fields = { phase: 'queued', reason: '', attempt: run.attempt - 1 };
    await state.report(name, run, fields, undefined, ending);
    await state.releaseLease(name, run.token);
    model.released(name);
    runs.delete(name);
    const job = jobs.get(name);
    if (job) job.state = 'waiting';
    await begin(name);
  }

  /** The worker is gone; its job is found to be stalled later, and its lease expires. */
  function die(name: string): void {
    const active = runs.get(name);
    const job = jobs.get(name);
    if (!active || !job) return;
    zombies.set(name, active.run);
    runs.delete(name);
    job.state = 'waiting';
  }

  async function expire(name: string): Promise<void> {
    if (runs.has(name)) return;
    await redis.del(`${prefix}:lease:${name}`);
    model.released(name);
  }

  async function finish(name: string, end: 'completed' | 'failed'): Promise<void> {
    const active = runs.get(name);
    if (!active) return;
    if (!active.hasWritten) await write(name, true);
    const current = runs.get(name);
    if (current !== active) return;
    const { run } = active;
    const before = (await state.knownRollout(run.rolloutId))?.targets.get(name);
    const finalState = of(name).isMember ? end : 'cancelled';
    const target = { state: finalState, version: run.release.version, finishedAt: clock.now } as const;
    const moved = await state.finish(name, run, target);
    assert.equal(moved, model.finished(name, run.generation));
    const after = (await state.knownRollout(run.rolloutId))?.targets.get(name);
    assert.equal(after?.state, before?.isFinal ? before.state : finalState);
    runs.delete(name);
    const job = jobs.get(name);
    if (job && moved) {
      job.state = 'waiting';
      await begin(name);
    } else endJob(name);
  }

  async function backOff(name: string): Promise<void> {
    const active = runs.get(name);
    const job = jobs.get(name);
    if (!active || !job) return;
    const { run } = active;
    const target = { state: 'running' as const, version: run.release.version, startedAt: run.startedAt };
    await state.report(name, run, { phase: 'backoff' }, target, { attempt: anAttempt() });
    await state.releaseLease(name, run.token);
    model.attemptEnded(name);
    runs.delete(name);
    job.state = 'delayed';
  }

  async function park(name: string): Promise<void> {
    const active = runs.get(name);
    const job = jobs.get(name);
    if (!active?.hasWritten || !job) return;
    const { run } = active;
    const parked = {
      fields: { phase: 'waiting for FDD' },
      parking: aParking({ generation: run.generation }),
    };
    const moved = await state.park(name, run, parked, { attempt: anAttempt() });
    model.released(name);
    runs.delete(name);
    job.state = moved ? 'waiting' : 'delayed';
  }

  async function haunt(name: string): Promise<void> {
    const run = zombies.get(name);
    if (!run || model.renewal(name, run.token, run.generation) !== 'lost') return;
    const written = state.finish(name, run, { state: 'completed' });
    await assert.rejects(written, { code: 'superseded_worker' });
  }

  async function perform(step: Step): Promise<void> {
    clock.now += 1;
    const id = 'rollout' in step ? idOf(step.rollout) : undefined;
    switch (step.kind) {
      case 'request': {
        const members = step.namespaces.filter((name) => of(name).isMember);
        if (members.length === 0) return;
        const pausedBecause = step.isPaused ? 'asks' : undefined;
        return create({ namespaces: members, trigger: step.trigger, strategy: step.strategy, pausedBecause });
      }
      case 'publish':
        published[CHANNELS[step.channel] ?? 'stable'] = RELEASES[step.release];
        return;
      case 'rollback':
        return id === undefined ? undefined : rollBack(id);
      case 'decide':
        if (id === undefined) return;
        await Promise.all([
          decide(id, { dies: step.how === 'dies' }),
          ...(step.how === 'twice' ? [decide(id)] : []),
        ]);
        return;
      case 'decide while':
        return id === undefined ? undefined : decideWhile(id, step.meanwhile);
      case 'decide due':
        return decideDue();
      case 'begin':
        return begin(step.namespace);
      case 'park':
        return park(step.namespace);
      case 'backoff':
        return backOff(step.namespace);
      case 'expire':
        return expire(step.namespace);
      case 'write':
        return write(step.namespace, step.isNoted);
      case 'die':
        return die(step.namespace);
      case 'finish':
        return finish(step.namespace, step.state);
      case 'zombie':
        return haunt(step.namespace);
      case 'fall':
      case 'recover':
        of(step.namespace).isHealthy = step.kind === 'recover';
        return;
      case 'leave':
      case 'join':
        of(step.namespace).isMember = step.kind === 'join';
        return;
      case 'retag':
        of(step.namespace).channel = CHANNELS[step.channel] ?? 'stable';
        return;
      case 'tick':
        clock.now += step.ms;
        wakeJobs();
        return;
      case 'reconnect':
        await redis.script('FLUSH');
        {
          const closed = once(redis, 'close');
          redis.disconnect(true);
          await closed;
        }
        return untilReady(redis, AbortSignal.timeout(10_000));
      case 'repair':
        return repair();
      default:
        return id === undefined ? undefined : order(step.kind, id, step.namespaces);
    }
  }

  /** Redis has lost nothing. */
  async function repair(): Promise<void> {
    assert.equal(await state.endOrphans(), 0, 'targets that nobody works on');
    await service.repair();
  }

  async function decideDue(): Promise<void> {
    for (const id of await state.dueRollouts()) await decide(id);
  }

  /** All delays of jobs are shorter than any tick. */
  function wakeJobs(): void {
    for (const job of jobs.values()) if (job.state === 'delayed') job.state = 'waiting';
  }

  let stored = new Map<string, KnownRollout>();
  async function check(step: Step | undefined): Promise<void> {
    const now = new Map<string, KnownRollout>();
    for (const { rollout, counts } of await state.rolloutsWithCounts(100)) {
      const known = await state.knownRollout(rollout.id);
      assert.ok(known, `${rollout.id} is stored`);
      now.set(rollout.id, known);
      checkRollout(known, counts);
      const before = stored.get(rollout.id);
      if (before) checkEnds(before, known, isRetry(step));
    }
    assert.equal(now.size, ids.length);
    stored = now;
  }

  async function resumeAll(): Promise<void> {
    for (const { rollout, status } of stored.values()) {
      const { id } = rollout;
      if (status.state === 'paused') await order('resume', id, []);
      else if (isOpen(status.state)) await order('approve', id, []);
    }
  }

  return {
    perform: async (step) => {
      await perform(step);
      await check(step);
    },
    drain: async () => {
      for (let round = 0; round < 40; round += 1) {
        await perform({ kind: 'tick', ms: 61_000 });
        await resumeAll();
        await decideDue();
        await repair();
        for (const name of names) {
          if (!runs.has(name)) await expire(name);
          await begin(name);
          for (let run = 0; run < 3 && runs.has(name); run += 1) await finish(name, 'completed');
        }
        await check(undefined);
        const isOver = [...stored.values()].every(({ status }) => !isOpen(status.state));
        if (isOver && round > 2) break;
      }
      await decideDue();
      await check(undefined);
      for (const { rollout, status, targets } of stored.values()) {
        assert.ok(!isOpen(status.state), `${rollout.id} is ${status.state}: ${status.because}`);
        for (const [name, target] of targets)
          assert.ok(!isOpen(target.state), `${rollout.id}/${name} is ${target.state}`);
      }
      assert.deepEqual(await state.dirty(), []);
      assert.deepEqual(await state.openRollouts(), []);
      assert.deepEqual(await redis.smembers(`${prefix}:holding-rollouts`), []);
      assert.deepEqual(await redis.zrange(`${prefix}:due-rollouts`, '0', '-1'), []);
    },
  };
}

function isRetry(step: Step | undefined): boolean {
  if (step?.kind === 'decide while') return isRetry(step.meanwhile);
  return step?.kind === 'retry';
}
