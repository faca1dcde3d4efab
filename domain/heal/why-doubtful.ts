import type { NamespaceFacts } from './assess-namespace.ts';
import { ladderSteps } from './heal-steps.ts';
import type { NamespaceHealing } from './healing.ts';
import type { Rule } from './rule.ts';
import type { Unbegun } from './unbegun.ts';

/** What the watches of all Applications show about a namespace. */
export interface Hearing {
  readonly isKnown: boolean;
  readonly unbegun: Unbegun | undefined;
}

/**
 * Why an FDD that was deaf is not known to be well. After a restart it has the whole time again before the rule can hold, so only
 * deployments that FDD begins show that it is not deaf any more. `hearing` is undefined if nobody checks.
 */
export function whyDoubtful(
  { findings, before }: Pick<NamespaceFacts, 'findings' | 'before'>,
  hearing: Hearing | undefined,
): string | undefined {
  if (!before || !hearing || !wasDeaf(before)) return undefined;
  if (!hearing.isKnown) return 'whether FDD begins deployments is not known now';
  const { unbegun } = hearing;
  if (!unbegun || findings.some(isDeaf)) return undefined;
  return `FDD has not begun deployment id ${unbegun.deploymentId} of Application ${unbegun.application}`;
}

function wasDeaf(healing: NamespaceHealing): boolean {
  return [...healing.findings, ...ladderSteps(healing)].some(isDeaf);
}

function isDeaf({ rule }: { readonly rule: Rule }): boolean {
  return rule === 'deaf';
}
