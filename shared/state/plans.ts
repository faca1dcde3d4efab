import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import { PlannedNamespace, ServerPlan } from '../../domain/deploy/server-plan.ts';
import type { Release } from '../../domain/release/release.ts';
import { jsonText } from '../json-text.ts';
import { appendAudit } from './audit-log.ts';
import { luaJson } from './lua-json.ts';
import type { StateConnection } from './state-connection.ts';
import { RELEASE_TTL_SECONDS, releaseKey } from './stored-release.ts';
import { valuesOf } from './values-of.ts';

/** Plans cannot be carried out after this. */
export const PLAN_TTL_SECONDS = 24 * 3600;

/** What a plan was asked for. */
export type PlanHead = Omit<ServerPlan, 'targets' | 'counts' | 'pending'>;

/** A namespace of a plan. */
export interface StoredPlanTarget extends PlannedNamespace {
  /** A worker has made its dry run, or none is needed. */
  readonly isTried: boolean;
}

export interface StoredPlan {
  readonly head: PlanHead;
  readonly targets: readonly StoredPlanTarget[];
}

/** The stored plans. */
export interface Plans {
  savePlan(plan: StoredPlan, releases: Iterable<Release>, entries?: readonly AuditEntry[]): Promise<void>;
  plan(id: string): Promise<StoredPlan | undefined>;
  /** The rollout that a request with this Idempotency-Key has created. */
  rolloutOfKey(key: string): Promise<string | undefined>;
  /** Replaces targets of a plan; nothing if it has expired. */
  savePlanTargets(id: string, targets: readonly StoredPlanTarget[]): Promise<void>;
}

export function openPlans(connection: StateConnection): Plans {
  const { redis, prefix, guarded } = connection;
  const keyOf = (id: string) => `${prefix}:plan:${id}`;
  return {
    savePlan: async ({ head, targets }, releases, entries = []) => {
      const pipeline = redis.pipeline();
      appendAudit(pipeline, prefix, entries);
      for (const release of releases) {
        pipeline.set(`${prefix}:release:${releaseKey(release)}`, luaJson(release), 'EX', RELEASE_TTL_SECONDS);
      }
      pipeline.set(keyOf(head.id), luaJson(head), 'EX', PLAN_TTL_SECONDS);
      pipeline.hset(`${keyOf(head.id)}:targets`, fieldsOf(targets));
      pipeline.expire(`${keyOf(head.id)}:targets`, PLAN_TTL_SECONDS);
      await guarded(async () => valuesOf(await pipeline.exec()));
    },
    plan: async (id) => {
      const [json, fields] = await guarded(() =>
        Promise.all([redis.get(keyOf(id)), redis.hgetall(`${keyOf(id)}:targets`)]),
      );
      const head = StoredHead.safeParse(json).data;
      return head && { head, targets: decodeTargets(fields) };
    },
    rolloutOfKey: async (key) => {
      const entry = Entry.safeParse(await guarded(() => redis.get(`${prefix}:idempotency:${key}`)));
      return entry.data?.rolloutId;
    },
    savePlanTargets: async (id, targets) => {
      await guarded(async () => {
        if ((await redis.exists(keyOf(id))) === 1)
          await redis.hset(`${keyOf(id)}:targets`, fieldsOf(targets));
      });
    },
  };
}

const StoredHead = jsonText(ServerPlan.omit({ targets: true, counts: true, pending: true }));
const Entry = jsonText(z.object({ rolloutId: z.string() }));
const StoredTarget = jsonText(PlannedNamespace.extend({ isTried: z.boolean() }));

function fieldsOf(targets: readonly StoredPlanTarget[]): Record<string, string> {
  return Object.fromEntries(targets.map((target) => [target.namespace, luaJson(target)]));
}

function decodeTargets(fields: Readonly<Record<string, string>>): StoredPlanTarget[] {
  return Object.values(fields)
    .flatMap((json) => StoredTarget.safeParse(json).data ?? [])
    .sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
}
