import { isLeaving } from '../cluster/is-leaving.ts';
import type { NamespaceSnapshot } from '../cluster/observed.ts';
import { isUnfinished } from '../rollout/is-unfinished.ts';
import type { HealingStatus } from './healing.ts';
import type { Rule } from './rule.ts';
import type { JudgedRecord } from './rule-input.ts';

/** What decides whether a rule can say something about a namespace. */
export interface JudgedNamespace {
  readonly snapshot: Pick<NamespaceSnapshot, 'config' | 'deployment'>;
  readonly record: JudgedRecord | undefined;
  /** How long after a request nothing is judged that the request changes. */
  readonly settleMs: number;
  /** When it is, or was, judged. */
  readonly at: number;
}

/** A watch can lag so much behind what another worker has verified. */
export const WATCH_LAG_MS = 10_000;

/**
 * Why a rule says nothing about a namespace; undefined if it does.
 *
 * - A namespace that is leaving, or has no ConfigMap of FIAAS: its objects disappear as they should.
 * - If Helm manages FDD, the Application says nothing about it: only the rules about the Deployment and its pods count.
 * - During the first attempt of a request, Skipper itself replaces FDD.
 */
export function whyNotJudged(
  rule: Rule,
  { snapshot, record, settleMs, at }: JudgedNamespace,
): string | undefined {
  const { config, deployment } = snapshot;
  if (config === undefined) return 'it has no ConfigMap of FIAAS';
  if (isLeaving(snapshot)) return 'it is being deleted';
  if (deployment?.helmRelease !== undefined && ABOUT_APPLICATION.includes(rule)) return 'Helm manages FDD';
  // The Application is just being changed: what was deployed last is not what is wanted.
  if (rule === 'drifted' && isUnfinished(record)) return 'a request is under way';
  if (NORMAL_IN_A_DEPLOY.includes(rule) && isInFlux(record, settleMs, at)) return IN_FLUX;
  return undefined;
}

/** What is normal then is found only if it was found before. */
export const IN_FLUX = 'a request is under way, or has just ended';

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

function isInFlux(record: JudgedRecord | undefined, settleMs: number, at: number): boolean {
  if (record === undefined) return false;
  const { finishedAt = 0, lastFailure, lastState, phase } = record;
  if (isUnfinished(record)) return lastFailure === '' && phase !== 'backoff';
  // After a failure nothing is settled that a watch could be behind.
  return at - finishedAt < (lastState === 'completed' ? settleMs : 0);
}

/** Why the latest pass has judged a rule in no namespace; undefined if it has. What it found before is kept. */
export function whyJudgedNowhere(
  rule: Rule,
  { fleetWide, isDeafKnown }: Pick<HealingStatus, 'fleetWide' | 'isDeafKnown'>,
): string | undefined {
  if (fleetWide?.some((finding) => finding.rule === rule)) return undefined;
  if (fleetWide)
    return `not judged: ${fleetWide.map((finding) => finding.rule).join(', ')} in the whole fleet`;
  return rule === 'deaf' && !isDeafKnown ? NOT_WATCHED : undefined;
}

const NOT_WATCHED = 'the watches that find a deaf FDD are off (--deaf-after 0), or not up to date yet';
