import { healLimit } from './heal-limit.ts';
import type { HealSettings } from './heal-settings.ts';
import type { HealingStatus } from './healing.ts';
import type { Finding } from './rule.ts';

export interface FleetWidePass {
  readonly findings: readonly Finding[];
  /** FIAAS namespaces. */
  readonly fleet: number;
  /** Of the pass before. */
  readonly before: HealingStatus | undefined;
  readonly settings: HealSettings;
  readonly now: number;
}

/** The status of a pass that could judge only what concerns the whole fleet. The stop valve stays as it is. */
export function fleetWideStatus({ findings, fleet, before, settings, now }: FleetWidePass): HealingStatus {
  const { stopped, resumedAt, states, cap } = before ?? {};
  return {
    mode: settings.mode,
    checkedAt: now,
    intervalSeconds: settings.intervalSeconds,
    fleet,
    sick: fleet,
    rules: Object.fromEntries(findings.map(({ rule }) => [rule, fleet])),
    ...(states && { states }),
    isDeafKnown: false,
    fleetWide: findings,
    cap: { limit: healLimit(settings.hourlyCap, fleet), used: cap?.used ?? 0 },
    ...(stopped && { stopped }),
    ...(resumedAt !== undefined && { resumedAt }),
  };
}
