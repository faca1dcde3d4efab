import type { ErrorCode } from '../errors.ts';
import type { Finding, Rule } from './rule.ts';

/** The state of a watch of the cluster. */
export interface WatchHealth {
  readonly name: string;
  /** It has read a complete list. */
  readonly synced: boolean;
  /** Why it is broken at the moment. */
  readonly problem: string | undefined;
  /** A permission has been missing for a while. */
  readonly refused: boolean;
  /** When it broke, and the latest reason. */
  readonly trouble?:
    | { readonly since: number; readonly reason: string; readonly code?: ErrorCode | undefined }
    | undefined;
}

/**
 * - `fine`: all watches are current.
 * - `fleet-wide`: those that are not lack a kind or a permission: that is what is wrong in every namespace.
 * - `blind`: some are not current for another reason, so nothing is known.
 */
export type Sight =
  | { readonly kind: 'fine' }
  | { readonly kind: 'fleet-wide'; readonly findings: readonly Finding[] }
  | { readonly kind: 'blind'; readonly reason: string };

/** What the watches know about the fleet, and what they show of its causes. */
export function sightOf(watches: readonly WatchHealth[]): Sight {
  const broken = watches.filter(({ synced, problem }) => !synced || problem !== undefined);
  if (broken.length === 0) return { kind: 'fine' };
  const other = broken.find((watch) => !isOf('crd-missing', watch) && !isOf('rights-missing', watch));
  if (!other) return { kind: 'fleet-wide', findings: FLEET_RULES.flatMap((rule) => findIn(broken, rule)) };
  const reason =
    other.problem === undefined
      ? 'the state of the cluster has not been read yet'
      : 'the API server is unreachable';
  return { kind: 'blind', reason };
}

type FleetRule = Extract<Rule, 'crd-missing' | 'rights-missing'>;
const FLEET_RULES: readonly FleetRule[] = ['crd-missing', 'rights-missing'];

/** `trouble` outlives the problem for a moment. */
function isOf(rule: FleetRule, { problem, refused, trouble }: WatchHealth): boolean {
  if (problem === undefined) return false;
  return rule === 'crd-missing' ? trouble?.code === 'crd_missing' : refused;
}

function findIn(broken: readonly WatchHealth[], rule: FleetRule): Finding[] {
  const watch = broken.find((each) => isOf(rule, each));
  if (!watch?.trouble) return [];
  const { since, reason } = watch.trouble;
  return [{ rule, since, evidence: `watch of ${watch.name}: ${reason}`, isFleetWide: true }];
}
