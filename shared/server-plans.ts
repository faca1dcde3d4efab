import { randomBytes } from 'node:crypto';
import type { Queue } from 'bullmq';
import { requesterOf } from '../domain/audit/actor.ts';
import { planEntry } from '../domain/audit/person-entries.ts';
import {
  countActions,
  differencesFrom,
  type PlanDifference,
  type PlannedNamespace,
  type ServerPlan,
} from '../domain/deploy/server-plan.ts';
import { SkipperError } from '../domain/errors.ts';
import type { Release } from '../domain/release/release.ts';
import type { Trigger } from '../domain/rollout/rollout.ts';
import type { Strategy } from '../domain/rollout/strategy.ts';
import type { AcceptedRollout, DeployCommand, DeployService } from './deploy-service.ts';
import { pause } from './pause.ts';
import type { PlanJob } from './queues.ts';
import { readReleases } from './read-releases.ts';
import { PLAN_TTL_SECONDS, type Plans, type StoredPlan } from './state/plans.ts';
import type { Records } from './state/records.ts';
import type { Rollouts } from './state/rollouts.ts';
import { releaseKey } from './state/stored-release.ts';

/** What a plan is asked for. */
export interface PlanQuestion {
  readonly namespaces?: readonly string[] | undefined;
  readonly forceBootstrap: boolean;
  readonly strategy?: Strategy | undefined;
  readonly reason?: string | undefined;
  readonly requestedBy: string;
  readonly trigger: Trigger;
}

/** The world has moved since a plan was made. */
export class PlanMovedError extends Error {
  readonly differences: readonly PlanDifference[];

  constructor(differences: readonly PlanDifference[]) {
    const what = differences.length === 1 ? '1 namespace has' : `${differences.length} namespaces have`;
    super(`${what} changed since the plan was made: plan again`);
    this.name = 'PlanMovedError';
    this.differences = differences;
  }
}

/** Plans that workers try in the API server's dry run, and that are carried out as they are or not at all. */
export interface ServerPlans {
  /** Makes a plan, and waits for its dry runs; `pending` counts those that were not made in time. */
  make(question: PlanQuestion): Promise<ServerPlan>;
  /** Throws `not_found` if it does not exist or has expired. */
  read(id: string): Promise<ServerPlan>;
  /** Throws `not_found`, PlanMovedError, and `conflict` while dry runs are pending. The same plan is carried out once. */
  carryOut(id: string, origin: Pick<DeployCommand, 'trigger' | 'requestedBy'>): Promise<AcceptedRollout>;
}

interface PlanParts {
  readonly service: Pick<DeployService, 'plan' | 'request'>;
  readonly state: Plans & Pick<Records, 'release'> & Pick<Rollouts, 'rollout'>;
  readonly queue: Pick<Queue<PlanJob>, 'addBulk'>;
  /** How long a plan waits for its dry runs, in milliseconds. */
  readonly patienceMs?: number;
}

/** Namespaces of one job: several workers share a large plan. */
const CHUNK = 100;
const PATIENCE_MS = 25_000;
const POLL_MS = 100;

export function createServerPlans(parts: PlanParts): ServerPlans {
  return {
    make: (question) => make(parts, question),
    read: async (id) => toView(await readPlan(parts, id)),
    carryOut: (id, origin) => carryOut(parts, id, origin),
  };
}

async function make(parts: PlanParts, { trigger, ...question }: PlanQuestion): Promise<ServerPlan> {
  const { state, queue, patienceMs = PATIENCE_MS } = parts;
  const { targets, releases } = await planNow(parts, question);
  const id = newPlanId();
  const createdAt = Date.now();
  const head = { id, createdAt, expiresAt: createdAt + PLAN_TTL_SECONDS * 1000, ...question };
  const stored = targets.map((target) => ({ ...target, isTried: target.release === undefined }));
  const all = stored.map(({ namespace }) => namespace);
  const made = { at: createdAt, id, namespaces: all, reason: question.reason };
  const entry = planEntry(made, requesterOf({ trigger, requestedBy: question.requestedBy }));
  await state.savePlan({ head, targets: stored }, releases, [entry]);
  const names = stored.filter(({ isTried }) => !isTried).map(({ namespace }) => namespace);
  const chunks = Array.from({ length: Math.ceil(names.length / CHUNK) }, (_, index) =>
    names.slice(index * CHUNK, (index + 1) * CHUNK),
  );
  await queue.addBulk(chunks.map((namespaces) => ({ name: id, data: { planId: id, namespaces } })));
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const view = toView(await readPlan(parts, id));
    if (view.pending === 0 || Date.now() > deadline) return view;
    await pause(POLL_MS);
  }
}

/** The plan of this moment, from what the watches show. */
async function planNow(
  { service }: PlanParts,
  { namespaces, forceBootstrap }: Pick<PlanQuestion, 'namespaces' | 'forceBootstrap'>,
): Promise<{ targets: readonly PlannedNamespace[]; releases: readonly Release[] }> {
  const planned = await service.plan({ namespaces, forceBootstrap });
  const releases = new Map<string, Release>();
  const targets = planned.map(
    ({ namespace, action, reason, version, from, takesOverFrom, release }): PlannedNamespace => {
      const key = release && releaseKey(release);
      if (key !== undefined && release) releases.set(key, release);
      return { namespace, action, reason, version, from, takesOverFrom, release: key };
    },
  );
  return { targets, releases: [...releases.values()] };
}

async function readPlan({ state }: PlanParts, id: string): Promise<StoredPlan> {
  const plan = await state.plan(id);
  if (plan) return plan;
  throw new SkipperError('not_found', `plan "${id}" does not exist, or has expired: plan again`);
}

function toView({ head, targets }: StoredPlan): ServerPlan {
  const shown = targets.map(({ isTried: _, ...target }) => target);
  const pending = targets.filter(({ isTried }) => !isTried).length;
  return { ...head, counts: countActions(shown), pending, targets: shown };
}

async function carryOut(
  parts: PlanParts,
  id: string,
  origin: Pick<DeployCommand, 'trigger' | 'requestedBy'>,
): Promise<AcceptedRollout> {
  const { service, state } = parts;
  const plan = await readPlan(parts, id);
  const { head, targets } = plan;
  if (targets.some(({ isTried }) => !isTried)) {
    throw new SkipperError('conflict', `dry runs of plan "${id}" are still pending: wait for them`);
  }
  const key = `plan:${id}`;
  const earlier = await state.rolloutOfKey(key);
  const known = earlier === undefined ? undefined : await state.rollout(earlier);
  if (known) return { ...known, replayed: true };
  const differences = differencesFrom(targets, (await planNow(parts, head)).targets);
  if (differences.length > 0) throw new PlanMovedError(differences);
  const stored = await readReleases(
    state,
    targets.flatMap(({ release }) => release ?? []),
  );
  const releases = new Map(
    targets.flatMap(({ namespace, release: key = '' }): [string, Release][] => {
      const release = stored.get(key);
      return release ? [[namespace, release]] : [];
    }),
  );
  return service.request({
    ...origin,
    namespaces: targets.map(({ namespace }) => namespace),
    isForAll: head.namespaces === undefined,
    forceBootstrap: head.forceBootstrap,
    strategy: head.strategy,
    reason: head.reason ?? `plan ${id}`,
    releases,
    denied: new Map(
      targets.flatMap(({ namespace, denied, code }) =>
        denied === undefined ? [] : [[namespace, { reason: denied, code }]],
      ),
    ),
    idempotency: { key, fingerprint: id },
    planId: id,
  });
}

function newPlanId(): string {
  return `plan-${randomBytes(6).toString('hex')}`;
}
