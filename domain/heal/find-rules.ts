import { isLeaving } from '../cluster/is-leaving.ts';
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
import type { Judge, JudgedRecord, RuleInput, RuleTimings, Seen } from './rule-input.ts';

/**
 * The rules that hold in a namespace, causes before effects.
 *
 * - A namespace that is leaving, or has no ConfigMap of FIAAS, has no findings: its objects disappear as they should.
 * - If Helm manages FDD, the Application says nothing about it: only the rules about the Deployment and its pods count.
 * - With an invalid ConfigMap everything that was seen is still true. That nothing is deployed there is for healing to decide.
 * - During the first attempt of a request, Skipper itself replaces FDD. What is normal then is found only if it was found
 *   before, so that a repair under way does not look like a recovery, and a rollout does not look like an epidemic.
 */
export function findRules(input: RuleInput): Finding[] {
  const { snapshot } = input;
  if (snapshot.config === undefined || isLeaving(snapshot)) return [];
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

/** They compare FDD with its Application, which Helm does not read. */
const ABOUT_APPLICATION: readonly Rule[] = [
  'no-deployment',
  'bootstrap-stuck',
  'failed-report',
  'drifted',
  'wrong-image',
  'unreported',
];

/** They hold for moments in every deploy. */
const NORMAL_IN_A_DEPLOY: readonly Rule[] = [...ABOUT_APPLICATION, 'unavailable'];

function isJudged(rule: Rule, { snapshot, record, before, timings, now }: RuleInput): boolean {
  if (snapshot.deployment?.helmRelease !== undefined && ABOUT_APPLICATION.includes(rule)) return false;
  // The Application is just being changed: what was deployed last is not what is wanted.
  if (rule === 'drifted' && isUnfinished(record)) return false;
  if (!NORMAL_IN_A_DEPLOY.includes(rule) || !isInFlux(record, timings, now)) return true;
  return before.some((finding) => finding.rule === rule);
}

function isUnfinished(record: JudgedRecord | undefined): boolean {
  return record !== undefined && record.generation > record.handled;
}

/** A watch can lag so much behind what another worker has verified. */
const WATCH_LAG_MS = 10_000;

function isInFlux(record: JudgedRecord | undefined, { graceMs }: RuleTimings, now: number): boolean {
  if (record === undefined) return false;
  const { finishedAt = 0, lastFailure, lastState, phase } = record;
  if (isUnfinished(record)) return lastFailure === '' && phase !== 'backoff';
  return lastState === 'completed' && now - finishedAt < Math.min(graceMs, WATCH_LAG_MS);
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
