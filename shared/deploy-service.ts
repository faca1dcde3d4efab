import { randomBytes } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import type { NamespaceConfigResult } from '../domain/cluster/namespace-config.ts';
import { currentRecords } from '../domain/deploy/current-record.ts';
import { AUTOMATIC, laneOf } from '../domain/deploy/lane.ts';
import { type DeploymentPlan, planDeployment, type Step } from '../domain/deploy/plan.ts';
import { type Selected, selectTargets } from '../domain/deploy/select-targets.ts';
import { messageOf, SkipperError } from '../domain/errors.ts';
import { versionOf } from '../domain/release/image.ts';
import type { Release } from '../domain/release/release.ts';
import type { Hold } from '../domain/rollout/hold.ts';
import type { NamespaceRecord } from '../domain/rollout/namespace-record.ts';
import type { Repair } from '../domain/rollout/repair.ts';
import type { Rollout, RolloutTarget, Trigger } from '../domain/rollout/rollout.ts';
import type { Strategy } from '../domain/rollout/strategy.ts';
import { type Denial, withoutDenied, withoutHeld, withoutOneHeld, withPrevious } from './adjust-targets.ts';
import { BadRequestError } from './bad-request-error.ts';
import { decideSoon } from './decide-soon.ts';
import { type DeployJobs, type DeployQueue, openDeployJobs, type QueuedTarget } from './deploy-jobs.ts';
import { outsideWindows, type StrategyParts, withStrategy } from './freeze-strategy.ts';
import type { ClusterCache } from './kubernetes/cluster-cache.ts';
import { cancelledTargets, makeRollout, mergeTargets, newRolloutId, toRequested } from './make-rollout.ts';
import type { Metrics } from './metrics.ts';
import { nameSome } from './name-some.ts';
import type { RolloutJob } from './queues.ts';
import { readReleases } from './read-releases.ts';
import { isUnanswered } from './redis-problems.ts';
import type { Channel, ReleaseSource } from './releases/release-source.ts';
import type { AcceptedTarget } from './state/deploy-request.ts';
import type { DesiredState } from './state/desired-state.ts';
import { toChannelSnapshot } from './to-channel-snapshot.ts';

export interface DeployCommand {
  /** Undefined means every namespace of the fleet. */
  readonly namespaces?: readonly string[] | undefined;
  readonly forceBootstrap: boolean;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
  /** What healing asks for in each namespace; no channel is read then, as a repair changes no release. */
  readonly repairs?: ReadonlyMap<string, Repair> | undefined;
  /** At which they were decided: see `DeployRequest`. */
  readonly healingRevision?: number | undefined;
  /** Deploy the release that was requested last, instead of the channel's current one. */
  readonly sameRelease?: boolean;
  /** The channels, if they have just been read, so that they are not read again. */
  readonly channels?: ReadonlyMap<string, Channel>;
  /** How it reaches its namespaces; left out: as the policy says for its trigger. */
  readonly strategy?: Strategy | undefined;
  /** Why, for people. */
  readonly reason?: string | undefined;
  /** The release of each namespace, instead of its channel's; with `sameRelease`, if the one that was requested last is not stored. */
  readonly releases?: ReadonlyMap<string, Release>;
  /** Namespaces in which nothing is deployed, although they are named, and why. */
  readonly denied?: ReadonlyMap<string, Denial>;
  /** The namespaces are named, but a person has requested all: those that are held are left alone. */
  readonly isForAll?: boolean;
  /** Listed as cancelled, with the reason. */
  readonly cancelled?: ReadonlyMap<string, string>;
  /** The rollout that it takes back. */
  readonly rollsBack?: string;
  /** It begins only when an operator resumes it. */
  readonly pausedBecause?: string | undefined;
  /** The plan that it carries out. */
  readonly planId?: string;
}

export interface AcceptedRollout {
  readonly rollout: Rollout;
  readonly targets: ReadonlyMap<string, RolloutTarget>;
  /** The Idempotency-Key was known: nothing new was requested. */
  readonly replayed: boolean;
}

/** One namespace of a dry run. */
export interface PlannedTarget {
  readonly namespace: string;
  readonly action: DeploymentPlan['action'];
  readonly reason: string;
  readonly version?: string;
  /** Left out if nothing is deployed. */
  readonly release?: Release;
  /** The version that its Deployment has now; empty without one. */
  readonly from?: string;
  /** The Helm release that FDD is taken over from. */
  readonly takesOverFrom?: string;
  readonly steps: readonly Step[];
}

/** Which namespaces, and whether FDD's own bootstrap is forced. */
type DeployQuestion = Pick<DeployCommand, 'namespaces' | 'forceBootstrap' | 'channels'>;

/** The sources of the service's decisions, and where it writes. */
interface ServiceParts extends StrategyParts {
  readonly cluster: Pick<ClusterCache, 'isSynced' | 'namespaces' | 'snapshot'>;
  readonly releases: ReleaseSource;
  readonly state: Pick<
    DesiredState,
    | 'request'
    | 'rollout'
    | 'record'
    | 'records'
    | 'release'
    | 'dirty'
    | 'endOrphans'
    | 'noteChannels'
    | 'openRollouts'
    | 'makeDue'
    | 'holds'
  >;
  readonly metrics: Pick<Metrics, 'requestsCoalesced'>;
  readonly log: Logger;
  readonly manageRbac: boolean;
  /** Reads a namespace's configuration from the cluster; undefined if it is not a FIAAS namespace. */
  readonly readConfig: (namespace: string) => Promise<NamespaceConfigResult | undefined>;
}

export interface DeployServiceOptions extends ServiceParts {
  readonly queue: DeployQueue;
  readonly rolloutQueue: Pick<Queue<RolloutJob>, 'add'>;
}

/** The only way to request a deploy, for the API, the board and the release check. */
export interface DeployService {
  request(command: DeployCommand): Promise<AcceptedRollout>;
  /** What a deploy would do in each namespace, decided by the planner that a worker uses; changes nothing. */
  plan(question: DeployQuestion): Promise<PlannedTarget[]>;
  /** Makes sure that every request has a job: a process can die after it wrote the record, and before it queued the job. */
  repair(): Promise<number>;
}

export function createDeployService({ queue, rolloutQueue, ...parts }: DeployServiceOptions): DeployService {
  const jobs = openDeployJobs(queue);
  return {
    request: async (command) => {
      const accepted = await request(parts, jobs, command);
      if (accepted.rollout.strategy?.type === 'Progressive')
        await begin(parts, rolloutQueue, accepted.rollout.id);
      return accepted;
    },
    plan: (question) => plan(parts, question),
    repair: () => repair(parts, jobs),
  };
}

async function request(
  parts: ServiceParts,
  jobs: DeployJobs,
  command: DeployCommand,
): Promise<AcceptedRollout> {
  const selected = await select(parts, command);
  const earlier = await knownReleases(parts, command, selected);
  const unresolved = selected.filter(({ namespace }) => !earlier.get(namespace));
  const channels = command.channels ?? (command.repairs ? new Map() : await channelsOf(parts, unresolved));
  const requested = selected.map((target) =>
    withPrevious(
      parts.cluster,
      withoutDenied(command.denied, toRequested(target, channels, earlier.get(target.namespace))),
    ),
  );
  const targets = [
    ...(command.namespaces === undefined || command.isForAll
      ? await withoutHeld(parts.state, requested)
      : requested),
    ...cancelledTargets(command.cancelled ?? new Map()),
  ];
  const { idempotency, pausedBecause, planId, repairs, healingRevision } = command;
  const { rollout, waves } = await withStrategy(
    parts,
    command.strategy,
    makeRollout(command, targets, channels),
    targets,
  );
  const heldBack = outsideWindows(parts, rollout, targets);
  const answer = await parts.state
    .request({
      rollout,
      targets,
      idempotency,
      waves,
      pausedBecause,
      planId,
      heldBack,
      repairs,
      healingRevision,
    })
    .catch((error: unknown) => {
      throw isUnanswered(error) ? unknownOutcome(error) : error;
    });
  if (answer.kind === 'mismatch') {
    throw new BadRequestError(
      'Idempotency-Key',
      'this key was used for a different request: send a new key, or the same request',
    );
  }
  if (answer.kind === 'stale') {
    throw new SkipperError('repair_outdated', 'healing was changed since these repairs were decided');
  }
  if (answer.kind === 'replayed') return replay(parts, answer.rolloutId);
  await queueAccepted(parts, jobs, rollout, answer.targets);
  if (!command.channels) await noteChannels(parts, channels);
  return { rollout, targets: mergeTargets(targets, answer.targets), replayed: false };
}

/** A worker looks for rollouts that are due, so this only makes it quicker. */
async function begin(
  { log }: ServiceParts,
  queue: Pick<Queue<RolloutJob>, 'add'>,
  id: string,
): Promise<void> {
  await decideSoon(queue, [id]).catch((error: unknown) =>
    log.debug({ rollout: id, reason: messageOf(error) }, 'a worker will begin the rollout'),
  );
}

/** Redis may have carried it out, or may still do so. */
function unknownOutcome(error: unknown): SkipperError {
  const advice =
    'retry with the same Idempotency-Key; if the request had none, check GET /api/rollouts first';
  return new SkipperError(
    'redis_unavailable',
    `unknown whether the request was accepted: ${messageOf(error)}; ${advice}`,
    { cause: error },
  );
}

/** The namespaces of a request; if one of them does not exist, the whole request fails. */
async function select(parts: ServiceParts, question: DeployQuestion): Promise<readonly Selected[]> {
  const { cluster } = parts;
  if (!cluster.isSynced()) {
    throw new SkipperError('cluster_unavailable', 'the state of the cluster has not been read yet');
  }
  const { namespaces, forceBootstrap } = question;
  const read = await readNamed(parts, question);
  const configOf = (namespace: string) =>
    read.has(namespace) ? read.get(namespace) : cluster.snapshot(namespace).config;
  const known = [...cluster.namespaces().filter((each) => !read.has(each)), ...read.keys()];
  const selection = selectTargets(
    namespaces,
    known.filter(configOf),
    (namespace) => ({ ...cluster.snapshot(namespace), config: configOf(namespace) }),
    forceBootstrap,
  );
  if (selection.unknown.length > 0) throw unknownNamespaces(selection.unknown);
  return selection.targets;
}

/** A person names a few namespaces; more are a script's, and reading them would take long. */
const MAX_NAMES_READ = 20;

/**
 * The configurations of the named namespaces as they are now: a watch may not have shown yet what was just written. What
 * cannot be read is left to the watch.
 */
async function readNamed(
  { readConfig, log }: ServiceParts,
  { namespaces = [], channels }: DeployQuestion,
): Promise<ReadonlyMap<string, NamespaceConfigResult | undefined>> {
  const names = new Set(namespaces);
  // Channels that are read already are those of the watch's tags.
  if (names.size > MAX_NAMES_READ || channels) return new Map();
  const read = new Map<string, NamespaceConfigResult | undefined>();
  await Promise.all(
    [...names].map(async (namespace) => {
      try {
        read.set(namespace, await readConfig(namespace));
      } catch (error) {
        log.debug({ namespace, reason: messageOf(error) }, 'configuration not read, the watch is used');
      }
    }),
  );
  return read;
}

/** The releases of the namespaces that do not get the release of their channel. */
async function knownReleases(
  parts: ServiceParts,
  { sameRelease, releases = new Map() }: DeployCommand,
  targets: readonly Selected[],
): Promise<ReadonlyMap<string, Release>> {
  return sameRelease ? new Map([...releases, ...(await desiredReleases(parts, targets))]) : releases;
}

/** The releases that were requested last, if they are still stored. */
async function desiredReleases(
  { state, cluster }: ServiceParts,
  targets: readonly Selected[],
): Promise<Map<string, Release>> {
  const stored = await state.records(targets.map(({ namespace }) => namespace));
  const records = currentRecords(stored, cluster.snapshot);
  const known = await readReleases(
    state,
    [...records.values()].map(({ release }) => release),
  );
  return new Map(
    [...records].flatMap(([namespace, record]): [string, Release][] => {
      const release = known.get(record.release);
      return release ? [[namespace, release]] : [];
    }),
  );
}

function channelsOf({ releases }: ServiceParts, targets: readonly Selected[]): Promise<Map<string, Channel>> {
  return releases.resolve(targets.flatMap((target) => (target.kind === 'deploy' ? [target.config.tag] : [])));
}

/** Leaves out channels that this process failed to read: the release check records those. */
async function noteChannels(
  { state, log }: ServiceParts,
  channels: ReadonlyMap<string, Channel>,
): Promise<void> {
  const news = [...channels.values()].filter(
    // A channel that was never read has no good state that silence could hide.
    ({ problem, release }) => !problem || !release || problem.code === 'release_unknown',
  );
  if (news.length === 0) return;
  await state
    .noteChannels(news.map(toChannelSnapshot))
    .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'channels could not be recorded'));
}

async function replay({ state }: ServiceParts, rolloutId: string): Promise<AcceptedRollout> {
  const known = await state.rollout(rolloutId);
  if (!known) throw new SkipperError('not_found', `rollout ${rolloutId} does not exist any more`);
  return { ...known, replayed: true };
}

/** The request is already stored: jobs that cannot be queued now are queued later by `repair`. */
async function queueAccepted(
  { metrics, log }: ServiceParts,
  jobs: DeployJobs,
  { id, trigger }: Rollout,
  targets: readonly AcceptedTarget[],
): Promise<void> {
  await jobs
    .enqueue(
      targets.filter(({ generation }) => generation !== undefined),
      laneOf(trigger, targets.length),
    )
    .catch((error: unknown) =>
      log.warn({ rollout: id, reason: messageOf(error) }, 'jobs will be queued by the next repair'),
    );
  const coalesced = targets.filter((target) => target.coalesced).length;
  metrics.requestsCoalesced.inc(coalesced);
  log.info({ rollout: id, trigger, targets: targets.length, coalesced }, 'rollout accepted');
}

async function plan(parts: ServiceParts, question: DeployQuestion): Promise<PlannedTarget[]> {
  const selected = await select(parts, question);
  const channels = await channelsOf(parts, selected);
  const records = await recordsOf(parts, selected);
  const rolloutId = newRolloutId();
  const holds =
    question.namespaces === undefined
      ? await parts.state.holds().catch(() => new Map<string, Hold>())
      : undefined;
  return selected.map((target): PlannedTarget => {
    const { namespace } = target;
    const observed = parts.cluster.snapshot(namespace);
    const { helmRelease, image } = observed.deployment ?? {};
    const from = image === undefined ? '' : versionOf(image);
    const requested = toRequested(target, channels, undefined);
    const { release, target: state } = holds ? withoutOneHeld(requested, holds) : requested;
    if (target.kind !== 'deploy' || !release) {
      return { namespace, from, action: 'refuse', reason: state.reason ?? '', steps: [] };
    }
    const planned = planDeployment({
      config: target.config,
      release,
      rolloutId,
      forceBootstrap: question.forceBootstrap,
      observed,
      quotas: [],
      manageRbac: parts.manageRbac,
      done: records.get(namespace) ?? {},
    });
    const takesOverFrom = planned.action === 'bootstrap' ? helmRelease : undefined;
    return { namespace, version: release.version, release, from, takesOverFrom, ...planned };
  });
}

/** A plan without Redis is better than none. */
async function recordsOf({ state, log }: ServiceParts, selected: readonly Selected[]) {
  const names = selected.map(({ namespace }) => namespace);
  return state.records(names).catch((error: unknown) => {
    log.warn({ reason: messageOf(error) }, 'planning without the records of Redis');
    return new Map<string, NamespaceRecord>();
  });
}

async function repair({ state, log }: ServiceParts, jobs: DeployJobs): Promise<number> {
  await state.makeDue(await state.openRollouts());
  const orphans = await state.endOrphans();
  if (orphans > 0) log.warn({ targets: orphans }, 'Redis has lost requests: their targets are set to failed');
  const repaired: QueuedTarget[] = [];
  const candidates = await withoutJob(await state.dirty(), jobs);
  // Of thousands, some have ended during the check, which removes the job first.
  const unfinished = candidates.length === 0 ? new Set() : new Set(await state.dirty());
  for (const namespace of candidates) {
    if (!unfinished.has(namespace)) continue;
    const record = await state.record(namespace);
    if (!record) continue;
    const jobId = `${namespace}.${record.generation}-${randomBytes(3).toString('hex')}`;
    repaired.push({ namespace, jobId, backoff: false });
  }
  await jobs.enqueue(repaired, AUTOMATIC);
  if (repaired.length > 0) log.warn({ namespaces: repaired.length }, 'lost jobs were queued again');
  return repaired.length;
}

async function withoutJob(namespaces: readonly string[], jobs: Pick<DeployJobs, 'has'>): Promise<string[]> {
  const without: string[] = [];
  for (const namespace of namespaces) if (!(await jobs.has(namespace))) without.push(namespace);
  return without;
}

function unknownNamespaces(unknown: readonly string[]): BadRequestError {
  return new BadRequestError(
    'namespaces',
    `no FIAAS namespace: ${nameSome(unknown)}; a namespace needs a ConfigMap named fiaas-deploy-daemon`,
    unknown,
  );
}
