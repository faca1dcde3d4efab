import { createHash } from 'node:crypto';
import type { ResolvedStrategy } from './resolved-strategy.ts';
import { resolveStrategy, type Strategy } from './strategy.ts';

/** What is known about a target before the rollout begins. */
export interface Candidate {
  readonly namespace: string;
  /** Higher ones go first; 0 if left out. */
  readonly priority?: number;
  /** Its owner offers it as a canary: it goes first. */
  readonly isCanary?: boolean;
  /** Labels of the Namespace. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface PlannedTarget {
  readonly namespace: string;
  /** Counted from 0. */
  readonly wave: number;
  /** Its place among all targets, counted from 0. */
  readonly order: number;
  /** Why it is in this wave, for people. */
  readonly because: string;
}

/** The waves of a rollout, frozen when it is created. */
export interface WavePlan {
  readonly strategy: ResolvedStrategy;
  readonly targets: readonly PlannedTarget[];
}

/**
 * Assigns each candidate to a wave. The order is the same each time, whatever the order of the candidates: those that the
 * canary names or selects, then those that their owners offer as canaries, then by priority, then by a hash of the name:
 * namespaces of one team are often neighbours by name, and should not all be in the same wave.
 */
export function planWaves(candidates: readonly Candidate[], strategy: Strategy): WavePlan {
  const isMatch = matcherOf(strategy);
  const ordered = inOrder(candidates, isMatch);
  const matched = ordered.filter(({ candidate }) => isMatch(candidate)).length;
  const resolved = resolveStrategy(strategy, ordered.length, matched);
  const waves = resolved.waves.flatMap(({ size }, wave) => Array<number>(size).fill(wave));
  const targets = ordered.map(({ candidate }, order) => {
    const wave = waves[order] ?? 0;
    const because = explain(resolved, wave, whyFirst(candidate, strategy, isMatch(candidate)));
    return { namespace: candidate.namespace, wave, order, because };
  });
  return { strategy: resolved, targets };
}

type IsMatch = (candidate: Candidate) => boolean;

function matcherOf(strategy: Strategy): IsMatch {
  const canary = strategy.type === 'All' ? 0 : strategy.canary;
  if (typeof canary === 'number') return () => false;
  if ('names' in canary) {
    const names = new Set(canary.names);
    return ({ namespace }) => names.has(namespace);
  }
  const wanted = Object.entries(canary.selector);
  return ({ labels }) => wanted.every(([key, value]) => labels?.[key] === value);
}

interface Ordered {
  readonly candidate: Candidate;
  readonly rank: number;
  readonly hash: string;
}

function inOrder(candidates: readonly Candidate[], isMatch: IsMatch): Ordered[] {
  const unique = new Map(candidates.map((candidate) => [candidate.namespace, candidate]));
  return [...unique.values()]
    .map((candidate) => ({ candidate, rank: rankOf(candidate, isMatch), hash: hashOf(candidate.namespace) }))
    .sort(compare);
}

function rankOf(candidate: Candidate, isMatch: IsMatch): number {
  if (isMatch(candidate)) return 0;
  return candidate.isCanary ? 1 : 2;
}

function hashOf(namespace: string): string {
  return createHash('sha256').update(namespace).digest('hex');
}

function compare(a: Ordered, b: Ordered): number {
  const byPriority = (b.candidate.priority ?? 0) - (a.candidate.priority ?? 0);
  return a.rank - b.rank || byPriority || (a.hash < b.hash ? -1 : 1);
}

function whyFirst({ isCanary }: Candidate, strategy: Strategy, isMatch: boolean): string {
  if (isMatch && strategy.type === 'Progressive') {
    return typeof strategy.canary === 'object' && 'names' in strategy.canary
      ? 'the strategy names it'
      : 'its labels match the selector';
  }
  return isCanary ? 'its annotation offers it' : 'it is first in order';
}

function explain({ waves }: ResolvedStrategy, wave: number, why: string): string {
  const place = `wave ${wave + 1} of ${waves.length}`;
  return waves[wave]?.isCanary ? `${place}, canary: ${why}` : place;
}
