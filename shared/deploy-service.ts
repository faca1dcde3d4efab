import { randomBytes } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { type DeploymentPlan, planDeployment, type Step } from '../domain/deploy/plan.ts';
import { type Selected, selectTargets } from '../domain/deploy/select-targets.ts';
import { messageOf, SkipperError } from '../domain/errors.ts';
import type { Release } from '../domain/release/release.ts';
import type { Rollout, RolloutTarget, Trigger } from '../domain/rollout/rollout.ts';
import type { ClusterCache } from './kubernetes/cluster-cache.ts';
import type { Metrics } from './metrics.ts';
import { type DeployJob, deployJobOptions } from './queues.ts';
import type { Channel, ReleaseSource } from './releases/release-source.ts';
import type { AcceptedTarget, RequestedTarget } from './state/deploy-request.ts';
import type { DesiredState } from './state/desired-state.ts';

/** Jobs are added in pipelines of this many. */
const ADD_CHUNK = 1_000;

export interface DeployCommand {
  /** Undefined means every namespace of the fleet. */
  readonly namespaces?: readonly string[] | undefined;
  readonly forceBootstrap: boolean;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
  /** Deploy what was asked for last, instead of what the channel says now. */
  readonly sameRelease?: boolean;
  /** The channels as they have just been read, so that they are not read again. */
  readonly channels?: ReadonlyMap<string, Channel>;
}

export interface AcceptedRollout {
  readonly rollout: Rollout;
  readonly targets: ReadonlyMap<string, RolloutTarget>;
  /** The Idempotency-Key was known: nothing new was asked. */
  readonly replayed: boolean;
}

/** One namespace of a dry run. */
export interface PlannedTarget {
  readonly namespace: string;
  readonly action: DeploymentPlan['action'];
  readonly reason: string;
  readonly version?: string;
  readonly steps: readonly Step[];
}

/** A request that cannot be carried out as it is: what is wrong, and with which field. */
export class BadRequestError extends Error {
  readonly field: string;
  readonly values: readonly string[];

  constructor(field: string, message: string, values: readonly string[] = []) {
    super(message);
    this.name = 'BadRequestError';
    this.field = field;
    this.values = values;
  }
}

export interface DeployServiceOptions {
  readonly cluster: ClusterCache;
  readonly releases: ReleaseSource;
  readonly state: DesiredState;
  readonly queue: Queue<DeployJob>;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly manageRbac: boolean;
}

/** The one place where anything is asked of the fleet: by the API, the board and the release check alike. */
export interface DeployService {
  request(command: DeployCommand): Promise<AcceptedRollout>;
  /** What a deploy would do in each namespace, decided by the planner that a worker uses; changes nothing. */
  plan(question: Pick<DeployCommand, 'namespaces' | 'forceBootstrap'>): Promise<PlannedTarget[]>;
  /** Makes sure that whatever is asked for has a job: mends what died between record and queue. */
  repair(): Promise<number>;
}

export function createDeployService(options: DeployServiceOptions): DeployService {
  const { cluster, releases, state, queue, log, metrics } = options;

  /** The namespaces that a request means; one that does not exist fails the request as a whole. */
  function select({ namespaces, forceBootstrap }: Pick<DeployCommand, 'namespaces' | 'forceBootstrap'>) {
    if (!cluster.isSynced()) {
      throw new SkipperError('cluster_unavailable', 'the state of the cluster has not been read yet');
    }
    const selection = selectTargets(namespaces, cluster.namespaces(), cluster.snapshot, forceBootstrap);
    if (selection.unknown.length > 0) throw unknownNamespaces(selection.unknown);
    return selection.targets;
  }

  async function request(command: DeployCommand): Promise<AcceptedRollout> {
    const selected = select(command);
    const earlier = command.sameRelease ? await desiredReleases(selected) : new Map();
    const unresolved = selected.filter(({ namespace }) => !earlier.get(namespace));
    const channels = command.channels ?? (await channelsOf(unresolved));
    const targets = selected.map((target) => toRequested(target, channels, earlier.get(target.namespace)));
    const rollout = makeRollout(command, targets, channels);
    return commit(rollout, targets, command);
  }

  async function plan(
    question: Pick<DeployCommand, 'namespaces' | 'forceBootstrap'>,
  ): Promise<PlannedTarget[]> {
    const selected = select(question);
    const channels = await channelsOf(selected);
    const rolloutId = newRolloutId();
    return selected.map((target): PlannedTarget => {
      const { namespace } = target;
      const { release, target: state } = toRequested(target, channels, undefined);
      if (target.kind !== 'deploy' || !release) {
        return { namespace, action: 'refuse', reason: state.reason ?? '', steps: [] };
      }
      const planned = planDeployment({
        config: target.config,
        release,
        rolloutId,
        forceBootstrap: question.forceBootstrap,
        observed: cluster.snapshot(namespace),
        quotas: [],
        manageRbac: options.manageRbac,
        done: {},
      });
      return { namespace, version: release.version, ...planned };
    });
  }

  async function channelsOf(targets: readonly Selected[]): Promise<Map<string, Channel>> {
    return releases.resolve(
      targets.flatMap((target) => (target.kind === 'deploy' ? [target.config.tag] : [])),
    );
  }

  async function desiredReleases(targets: readonly Selected[]): Promise<Map<string, Release | undefined>> {
    const records = await state.records(targets.map(({ namespace }) => namespace));
    const keys = [...new Set([...records.values()].map(({ release }) => release))];
    const known = new Map(
      await Promise.all(keys.map(async (key) => [key, await state.release(key)] as const)),
    );
    return new Map([...records].map(([namespace, { release }]) => [namespace, known.get(release)]));
  }

  async function commit(
    rollout: Rollout,
    requested: readonly RequestedTarget[],
    command: DeployCommand,
  ): Promise<AcceptedRollout> {
    const answer = await state.request({ rollout, targets: requested, idempotency: command.idempotency });
    if (answer.kind === 'mismatch') {
      throw new BadRequestError(
        'Idempotency-Key',
        'this key was used for a different request: send a new key, or the same request',
      );
    }
    if (answer.kind === 'replayed') {
      const known = await state.rollout(answer.rolloutId);
      if (!known) throw new SkipperError('not_found', `rollout ${answer.rolloutId} is no longer known`);
      return { ...known, replayed: true };
    }
    // From here on the request stands: what cannot be queued now, repair() queues later.
    await enqueue(answer.targets.filter((target) => target.generation !== undefined)).catch((error) =>
      log.warn({ rollout: rollout.id, reason: messageOf(error) }, 'jobs will be queued by the next repair'),
    );
    const coalesced = answer.targets.filter((target) => target.coalesced).length;
    metrics.requestsCoalesced.inc(coalesced);
    log.info(
      { rollout: rollout.id, trigger: rollout.trigger, targets: requested.length, coalesced },
      'rollout accepted',
    );
    return { rollout, targets: mergeTargets(requested, answer.targets), replayed: false };
  }

  async function enqueue(targets: readonly AcceptedTarget[]): Promise<void> {
    for (let start = 0; start < targets.length; start += ADD_CHUNK) {
      await queue.addBulk(targets.slice(start, start + ADD_CHUNK).map(toJob));
    }
    // Whoever asks again does not want to sit out the wait after an earlier failure.
    for (const target of targets) if (target.backoff) await promote(target.jobId);
  }

  async function promote(jobId: string | undefined): Promise<void> {
    const job = jobId === undefined ? undefined : await queue.getJob(jobId);
    if (await job?.isDelayed()) await job?.promote().catch(() => undefined);
  }

  async function repair(): Promise<number> {
    const repaired: AcceptedTarget[] = [];
    for (const namespace of await state.dirty()) {
      if (await hasJob(namespace)) continue;
      const record = await state.record(namespace);
      if (!record) continue;
      const jobId = `${namespace}.${record.generation}-${randomBytes(3).toString('hex')}`;
      repaired.push({ namespace, generation: record.generation, jobId, coalesced: false, backoff: false });
    }
    await enqueue(repaired);
    if (repaired.length > 0) log.warn({ namespaces: repaired.length }, 'lost jobs were queued again');
    return repaired.length;
  }

  async function hasJob(namespace: string): Promise<boolean> {
    const jobId = await queue.getDeduplicationJobId(namespace);
    if (!jobId) return false;
    if (await queue.getJob(jobId)) return true;
    await queue.removeDeduplicationKey(namespace);
    return false;
  }

  return { request, plan, repair };
}

function toJob({ namespace, jobId = namespace }: AcceptedTarget) {
  return { name: namespace, data: { namespace }, opts: deployJobOptions(namespace, jobId) };
}

function toRequested(
  target: Selected,
  channels: ReadonlyMap<string, Channel>,
  earlier: Release | undefined,
): RequestedTarget {
  const { namespace } = target;
  const finishedAt = Date.now();
  if (target.kind !== 'deploy') {
    const state = target.kind === 'config-error' ? 'failed' : 'cancelled';
    const code = target.kind === 'config-error' ? 'config_error' : 'helm_managed';
    return { namespace, release: undefined, target: { state, code, reason: target.reason, finishedAt } };
  }
  const channel = channels.get(target.config.tag);
  const release = earlier ?? channel?.release;
  if (!release) {
    const reason = channel?.problem?.message ?? `release channel "${target.config.tag}" cannot be read`;
    const code = channel?.problem?.code ?? 'release_unknown';
    return { namespace, release: undefined, target: { state: 'failed', code, reason, finishedAt } };
  }
  return { namespace, release, target: { state: 'pending', version: release.version } };
}

function makeRollout(
  command: DeployCommand,
  targets: readonly RequestedTarget[],
  channels: ReadonlyMap<string, Channel>,
): Rollout {
  const wanted = new Set(targets.map((target) => target.release?.image));
  return {
    id: newRolloutId(),
    trigger: command.trigger,
    requestedBy: command.requestedBy,
    forceBootstrap: command.forceBootstrap,
    createdAt: Date.now(),
    releases: [...channels.values()].flatMap(({ tag, release }) =>
      release && wanted.has(release.image)
        ? [{ channel: tag, image: release.image, version: release.version }]
        : [],
    ),
  };
}

/** Short, sortable by time, and safe in URLs, labels and job ids: `20261123-051203-9f3a1c`. */
function newRolloutId(): string {
  const [date = '', time = ''] = new Date().toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${randomBytes(4).toString('hex')}`;
}

function mergeTargets(
  requested: readonly RequestedTarget[],
  accepted: readonly AcceptedTarget[],
): Map<string, RolloutTarget> {
  const answers = new Map(accepted.map((target) => [target.namespace, target]));
  return new Map(
    requested.map(({ namespace, target }) => {
      const answer = answers.get(namespace);
      const job = answer?.jobId === undefined ? {} : { jobId: answer.jobId, coalesced: answer.coalesced };
      return [namespace, { ...target, ...job }];
    }),
  );
}

function unknownNamespaces(unknown: readonly string[]): BadRequestError {
  const shown = unknown.slice(0, 10).join(', ') + (unknown.length > 10 ? ', …' : '');
  return new BadRequestError(
    'namespaces',
    `no FIAAS namespace: ${shown}; a namespace needs a ConfigMap named fiaas-deploy-daemon`,
    unknown,
  );
}
