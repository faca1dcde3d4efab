import { differenceFrom } from '../deploy/application.ts';
import type { Release } from '../release/release.ts';
import type { Repair } from '../rollout/repair.ts';
import { describeSwitchedOff, scaledDown } from './deployment-rules.ts';
import { STALE_DECISION_MS } from './heal-steps.ts';
import type { HealingStatus, HealingStep, NamespaceHealing } from './healing.ts';
import { isStalePass } from './is-stale-pass.ts';
import { type HealingLimits, whyForbidden } from './why-forbidden.ts';

/** A step of healing whose run is about to write, and what is known by then. */
export interface LateStep {
  readonly repair: Repair;
  readonly rolloutId: string;
  readonly release: Release;
  /** An attempt of it has failed: it did not only wait. */
  readonly hasFailed: boolean;
  readonly limits: Omit<HealingLimits, 'version' | 'released'>;
  /** As the latest pass has stored them. */
  readonly healing: NamespaceHealing | undefined;
  readonly status: HealingStatus | undefined;
  readonly healsScaledDown: boolean;
  readonly now: number;
}

/**
 * Why a step that waited must not be begun any more: for room, for the budget of the API server, or because its worker died.
 * Undefined if it may.
 */
export function whyOutdated(late: LateStep): string | undefined {
  const { limits, release, healing, rolloutId } = late;
  const step = healing?.steps.find((each) => isOpenStep(each, rolloutId));
  return (
    whyFleetRests(late) ??
    whyForbidden({ ...limits, version: release.version, released: undefined }) ??
    whySwitchedOff(late) ??
    (step ? (whyOver(late) ?? whyTooOld(step, late)) : 'healing does not know this step any more')
  );
}

/** Its rollout is noted a moment after it was requested. */
function isOpenStep({ rolloutId = '', endedAt }: HealingStep, requested: string): boolean {
  return endedAt === undefined && (rolloutId === '' || rolloutId === requested);
}

function whyFleetRests({ status, now }: LateStep): string | undefined {
  if (status === undefined || isStalePass(status, now)) return 'healing has made no pass for some time';
  if (status.fleetWide) return 'something is wrong in the whole fleet, so that no rule can be judged';
  if (status.mode !== 'on') return `--heal is ${status.mode} now`;
  return status.stopped && `healing is stopped: ${status.stopped.reason}`;
}

function whySwitchedOff({ limits, healsScaledDown }: LateStep): string | undefined {
  const off = healsScaledDown ? undefined : scaledDown(limits);
  return off && `${describeSwitchedOff(off.by)}: ${off.evidence}`;
}

function whyTooOld({ at }: HealingStep, { hasFailed, now }: LateStep): string | undefined {
  if (hasFailed || now - at <= STALE_DECISION_MS) return undefined;
  return `it was decided ${Math.round((now - at) / 1000)} s ago`;
}

function whyOver({ repair, healing, limits, release }: LateStep): string | undefined {
  // A pass does not look for it while a request is under way.
  const holds =
    repair.rule === 'drifted'
      ? differenceFrom(limits.snapshot.application, release) !== undefined
      : healing?.findings.some(({ rule }) => rule === repair.rule);
  return holds ? undefined : `${repair.rule} does not hold any more`;
}
