import { laneOfRollout, URGENT } from '../../domain/deploy/lane.ts';
import type {
  OpenRolloutState,
  RecoveredNamespace,
  RecoveredState,
} from '../../domain/deploy/recover-state.ts';
import type { Release } from '../../domain/release/release.ts';
import { countTargets } from '../../domain/rollout/rollout.ts';
import { luaJson } from './lua-json.ts';
import type { RestoreCommand } from './scripts.ts';
import { RELEASE_TTL_SECONDS } from './stored-release.ts';

/** A change that was decided before Redis lost its data must not be carried out after that: it has an older revision. */
const REVISIONS_LEFT_OUT = 1_000;

export interface RestoreOptions {
  readonly now: number;
  readonly rolloutTtlSeconds: number;
}

/** The commands that write a recovered state into an empty Redis. Each can be repeated: a rebuild that dies is done again. */
export function restoreCommands(recovered: RecoveredState, options: RestoreOptions): RestoreCommand[] {
  const byAge = [...recovered.rollouts].sort((a, b) => a.rollout.createdAt - b.rollout.createdAt);
  return [
    ...[...recovered.releases].map(([key, release]) => restoreRelease(key, release)),
    ...recovered.namespaces.flatMap((namespace) => restoreRecord(namespace, options)),
    ...byAge.flatMap((rollout, index) => restoreRollout(rollout, index + 1, options)),
    // The last one: Redis counts as filled by an older Skipper if it is there.
    ['HSET', ':counters', 'rollouts', String(byAge.length + 1)],
  ];
}

function restoreRelease(key: string, release: Release): RestoreCommand {
  return ['SET', `:release:${key}`, luaJson(release), 'EX', String(RELEASE_TTL_SECONDS)];
}

function restoreRecord(recovered: RecoveredNamespace, { now }: RestoreOptions): RestoreCommand[] {
  const { namespace, state } = recovered;
  const key = `:namespace:${namespace}`;
  const fields = {
    ...commonFields(recovered, now),
    ...(state === 'running' ? runningFields(recovered, now) : endedFields(recovered, now)),
  };
  return [
    ['DEL', key],
    ['HSET', key, ...Object.entries(fields).flatMap(([name, value]) => [name, String(value)])],
    ...(state === 'running' ? [['SADD', ':dirty', namespace] satisfies RestoreCommand] : []),
  ];
}

function commonFields(
  { namespace, origin, rollout, plan, state, reason }: RecoveredNamespace,
  now: number,
): Record<string, string | number> {
  const isUrgent = rollout !== undefined && laneOfRollout(rollout, Number.POSITIVE_INFINITY) === URGENT;
  return {
    generation: origin.generation,
    rolloutId: origin.rolloutId,
    release: origin.release,
    configVersion: plan?.configVersion ?? '',
    jobId: `${namespace}.${origin.generation}`,
    trigger: rollout?.trigger ?? '',
    requestedBy: rollout?.requestedBy ?? '',
    requestedAt: rollout?.createdAt ?? now,
    urgent: isUrgent ? '1' : '',
    state,
    reason,
    changedAt: now,
    throttled: 0,
    lost: 0,
    lastFailure: '',
    coalesced: '',
  };
}

/** As a worker leaves it that dies while it waits for FDD. */
function runningFields(recovered: RecoveredNamespace, now: number): Record<string, string | number> {
  const { namespace, origin, rollout, plan, version, writtenAt, deploymentId, isBegun } = recovered;
  const { generation, rolloutId } = origin;
  const open = {
    r: rolloutId,
    g: generation,
    n: 1,
    j: `${namespace}.${generation}`,
    t: rollout?.trigger ?? '',
    b: rollout?.requestedBy ?? '',
    v: version,
    s: writtenAt,
  };
  return {
    handled: generation - 1,
    runningRolloutId: rolloutId,
    phase: 'waiting for FDD',
    attempt: 1,
    startedGeneration: generation,
    startedAt: writtenAt,
    appliedAt: now,
    open: luaJson(open),
    steps: '[]',
    ...(plan?.force ? { forceGeneration: generation } : {}),
    ...(plan?.repair ? { repair: luaJson(plan.repair) } : {}),
    // A forced bootstrap that has begun is not begun again.
    ...(isBegun ? { bootstrappedId: deploymentId } : {}),
  };
}

function endedFields(recovered: RecoveredNamespace, now: number): Record<string, string | number> {
  const { origin, state, code, writtenAt, deploymentId, isGivenUp } = recovered;
  const isFailed = state === 'failed';
  return {
    handled: origin.generation,
    handledRelease: origin.release,
    runningRolloutId: '',
    phase: 'done',
    attempt: 1,
    lastState: state,
    lastCode: code ?? '',
    finishedAt: isFailed ? now : writtenAt,
    failures: isFailed ? 1 : 0,
    appliedAt: '',
    open: '',
    steps: '',
    ...(state === 'completed' ? { verified: origin.release } : {}),
    ...(isGivenUp ? { abandonedId: deploymentId } : {}),
  };
}

/** The state comes after the targets: a rollout without a state is not known, so nobody decides about a part of it. */
function restoreRollout(
  { rollout, status, targets, plans, events }: OpenRolloutState,
  order: number,
  { now, rolloutTtlSeconds }: RestoreOptions,
): RestoreCommand[] {
  const key = `:rollout:${rollout.id}`;
  const counts = Object.entries(countTargets(targets.values()));
  const parts = ['', ':targets', ':counts', ':plan', ':state', ':decisions'];
  const isHolding = [...plans.values()].some(({ admittedAt }) => admittedAt === undefined);
  const commands: RestoreCommand[] = [
    ...parts.map((part): RestoreCommand => ['DEL', `${key}${part}`]),
    ['SET', key, luaJson(rollout)],
    ...hash(`${key}:targets`, targets),
    ['HSET', `${key}:counts`, ...counts.flatMap(([state, count]) => [state, String(count)])],
    ...hash(`${key}:plan`, plans),
    ['RPUSH', `${key}:decisions`, ...events.map(luaJson)],
    [
      'HSET',
      `${key}:state`,
      ...stateFields(status, { everyEnd: rollout.strategy?.type === 'Progressive', order }),
    ],
    ['ZADD', ':rollouts', String(rollout.createdAt), rollout.id],
    ['SADD', ':open-rollouts', rollout.id],
    ...(isHolding ? [['SADD', ':holding-rollouts', rollout.id] satisfies RestoreCommand] : []),
    ['ZADD', ':due-rollouts', String(now), rollout.id],
  ];
  return [
    ...commands,
    ...parts.map((part): RestoreCommand => ['EXPIRE', `${key}${part}`, String(rolloutTtlSeconds)]),
  ];
}

/** Lua passes on a limited number of arguments. */
const FIELDS_AT_ONCE = 500;

function hash(key: string, values: ReadonlyMap<string, object>): RestoreCommand[] {
  const entries = [...values];
  const commands: RestoreCommand[] = [];
  for (let start = 0; start < entries.length; start += FIELDS_AT_ONCE) {
    const chunk = entries.slice(start, start + FIELDS_AT_ONCE);
    commands.push(['HSET', key, ...chunk.flatMap(([name, value]) => [name, luaJson(value)])]);
  }
  return commands;
}

function stateFields(
  status: OpenRolloutState['status'],
  { everyEnd, order }: { readonly everyEnd: boolean; readonly order: number },
): string[] {
  const { failures, revision, wakeAt: _wakeAt, ...rest } = status;
  const fields = {
    ...rest,
    failures: luaJson(failures),
    revision: revision + REVISIONS_LEFT_OUT,
    everyEnd: everyEnd ? '1' : '',
    order,
  };
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [name, String(value)],
  );
}
