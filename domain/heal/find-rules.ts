import { drifted, failedReport, unreported, wrongImage } from './application-rules.ts';
import { deaf } from './deaf.ts';
import {
  bootstrapStuck,
  noDeployment,
  progressDeadline,
  scaledDown,
  unavailable,
} from './deployment-rules.ts';
import { crdMissing, rightsMissing } from './fleet-rules.ts';
import { crashLoop, imagePull, oom, unschedulable } from './pod-rules.ts';
import { type Finding, RULES, type Rule } from './rule.ts';
import type { Judge, RuleInput, Seen } from './rule-input.ts';
import { IN_FLUX, WATCH_LAG_MS, whyNotJudged } from './why-not-judged.ts';

/**
 * The rules that hold in a namespace, causes before effects.
 *
 * - With an invalid ConfigMap everything that was seen is still true. That nothing is deployed there is for healing to decide.
 * - During the first attempt of a request, what is normal then is found only if it was found before, so that a repair under way
 *   does not look like a recovery, and a rollout does not look like an epidemic.
 */
export function findRules(input: RuleInput): Finding[] {
  return RULES.filter((rule) => isJudged(rule, input)).flatMap((rule) => {
    const seen = JUDGES[rule](input);
    return seen ? [toFinding(rule, seen, input)] : [];
  });
}

const JUDGES: Readonly<Record<Rule, Judge>> = {
  'crd-missing': crdMissing,
  'rights-missing': rightsMissing,
  'scaled-down': scaledDown,
  'no-deployment': noDeployment,
  'bootstrap-stuck': bootstrapStuck,
  'image-pull': imagePull,
  oom,
  'crash-loop': crashLoop,
  unschedulable,
  'failed-report': failedReport,
  'progress-deadline': progressDeadline,
  drifted,
  'wrong-image': wrongImage,
  unreported,
  unavailable,
  deaf,
};

function isJudged(rule: Rule, { snapshot, record, before, timings, now }: RuleInput): boolean {
  const settleMs = Math.min(timings.graceMs, WATCH_LAG_MS);
  const why = whyNotJudged(rule, { snapshot, record, settleMs, at: now });
  return why === undefined || (why === IN_FLUX && before.some((finding) => finding.rule === rule));
}

/** Clocks differ: nothing holds since a time in the future. */
function toFinding(
  rule: Rule,
  { evidence, since, by, isFleetWide }: Seen,
  { before, now }: RuleInput,
): Finding {
  const known = before.find((finding) => finding.rule === rule);
  return {
    rule,
    since: Math.min(known?.since ?? since ?? now, now),
    evidence,
    ...(by === undefined ? {} : { by }),
    ...(isFleetWide ? { isFleetWide } : {}),
  };
}
