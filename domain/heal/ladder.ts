import type { Means } from '../rollout/repair.ts';
import type { Rule } from './rule.ts';

/** What healing does about a rule, the mildest means first; after the last one, the namespace is quarantined. */
export type Ladder = readonly Means[];

/**
 * A `wait` comes first if it can recover without help. A rule with no other means is left to the people who can change its cause. The
 * same means twice: the second has longer to work, because the wait between two steps doubles.
 */
export const LADDERS: Readonly<Record<Rule, Ladder>> = {
  'crd-missing': [],
  'rights-missing': [],
  'scaled-down': ['deploy', 'deploy'],
  'no-deployment': ['deploy', 'deploy'],
  'bootstrap-stuck': ['deploy', 'deploy'],
  'image-pull': ['wait', 'deploy'],
  oom: ['wait', 'restart', 'deploy'],
  'crash-loop': ['wait', 'restart', 'deploy', 'bootstrap'],
  unschedulable: ['wait'],
  'failed-report': ['deploy', 'restart', 'deploy'],
  'progress-deadline': ['wait', 'restart', 'deploy'],
  drifted: ['deploy', 'deploy'],
  'wrong-image': ['deploy', 'restart', 'deploy'],
  unreported: ['restart', 'deploy', 'bootstrap'],
  unavailable: ['wait', 'restart', 'deploy', 'bootstrap'],
  deaf: ['restart', 'deploy'],
};

/** Somebody can change these back: then the step has helped, and another one would not. */
export const FLIP_FLOPS: ReadonlySet<Rule> = new Set(['drifted', 'wrong-image', 'scaled-down']);

/** What is possible in a namespace now. */
export interface Possible {
  /** It has pods that can be deleted. */
  readonly restart: boolean;
  /** No FDD works there. */
  readonly bootstrap: boolean;
}

/**
 * The next step of a ladder: the first that was not tried. What was tried for another rule counts, so that causes that change
 * while they are repaired do not multiply the steps. Undefined after the last one.
 */
export function nextRung(ladder: Ladder, tried: readonly Means[], possible: Possible): Means | undefined {
  const left = [...tried];
  return ladder.find((means) => {
    const before = left.indexOf(means);
    if (before >= 0) left.splice(before, 1);
    return before < 0 && isPossible(means, possible);
  });
}

function isPossible(means: Means, possible: Possible): boolean {
  return means === 'deploy' || (means !== 'wait' && possible[means]);
}

const WORDS: Readonly<Record<Means, string>> = {
  wait: 'wait',
  restart: 'restart FDD',
  deploy: 'deploy again with a new id',
  bootstrap: 'bootstrap FDD',
};

/** `restart FDD`; without an FDD, the planner makes a bootstrap of a deploy. */
export function describeMeans(means: Means, rule?: string): string {
  const isBootstrap = means === 'deploy' && rule !== undefined && WITHOUT_FDD.has(rule);
  return WORDS[isBootstrap ? 'bootstrap' : means];
}

const WITHOUT_FDD: ReadonlySet<string> = new Set<Rule>(['no-deployment', 'bootstrap-stuck']);
