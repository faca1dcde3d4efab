import * as z from 'zod';
import { Strategy } from '../rollout/strategy.ts';
import { PlannedAction } from './plan-view.ts';

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** What a rollout would do in one namespace. */
export const PlannedNamespace = PlannedAction.extend({
  release: z.string().optional().describe('Key of the release; left out if nothing is deployed'),
  denied: z.string().optional().describe("Why the API server's dry run was refused; left out if it was not"),
  code: z.string().optional().describe('Error code of the refusal'),
});
export type PlannedNamespace = Readonly<z.infer<typeof PlannedNamespace>>;

/** A plan that the API server has tried in a dry run; it can be carried out as it is. */
export const ServerPlan = z
  .object({
    id: z.string(),
    createdAt: milliseconds,
    expiresAt: milliseconds.describe('It cannot be carried out after that'),
    requestedBy: z.string(),
    namespaces: z.array(z.string()).readonly().optional().describe('Left out if it is for all'),
    forceBootstrap: z.boolean(),
    strategy: Strategy.optional(),
    reason: z.string().optional(),
    counts: z
      .record(z.string(), z.number().int())
      .describe('How many namespaces get each action, and `denied`'),
    pending: z.number().int().describe('Namespaces whose dry run has not been made yet'),
    targets: z.array(PlannedNamespace).readonly(),
  })
  .meta({ id: 'ServerPlan' });
export type ServerPlan = Readonly<z.infer<typeof ServerPlan>>;

/** A namespace in which a plan would do something else now. */
export interface PlanDifference {
  readonly namespace: string;
  readonly planned: string;
  readonly now: string;
}

/** What has changed since a plan was made; empty if carrying it out does exactly what it says. */
export function differencesFrom(
  planned: readonly PlannedNamespace[],
  now: readonly PlannedNamespace[],
): PlanDifference[] {
  const before = new Map(planned.map((each) => [each.namespace, each]));
  const after = new Map(now.map((each) => [each.namespace, each]));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((namespace) => {
    const was = describe(before.get(namespace));
    const is = describe(after.get(namespace));
    return was === is ? [] : [{ namespace, planned: was, now: is }];
  });
}

/** `update v1 to v2`, with what tells two releases of one version apart. */
function describe(target: PlannedNamespace | undefined): string {
  if (target === undefined) return 'not in the plan';
  const { action, from = '', version, release } = target;
  if (version === undefined) return `${action}: ${target.reason}`;
  return `${action} ${from || 'nothing'} to ${version} (release ${release ?? 'unknown'})`;
}

/** How many namespaces get each action; what was denied counts as `denied`. */
export function countActions(targets: readonly PlannedNamespace[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { action, denied } of targets) {
    const key = denied === undefined ? action : 'denied';
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
