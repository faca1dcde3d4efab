import { messageOf } from '../domain/errors.ts';
import { HEALING_STATES, type HealingStatus } from '../domain/heal/healing.ts';
import { isStalePass } from '../domain/heal/is-stale-pass.ts';
import { RULES } from '../domain/heal/rule.ts';
import { whyJudgedNowhere } from '../domain/heal/why-not-judged.ts';
import type { Core } from '../shared/core.ts';
import type { Metrics } from '../shared/metrics.ts';

/** Sets the gauges of healing at each scrape, from the latest pass. What is not known has no value. */
export async function refreshHealGauges({
  state,
  metrics,
  log,
}: Pick<Core, 'state' | 'metrics' | 'log'>): Promise<void> {
  const status = await state.healingStatus().catch((error: unknown) => {
    log.debug({ reason: messageOf(error) }, 'the status of healing could not be read');
    return undefined;
  });
  forget(metrics);
  if (status === undefined || status.mode === 'off') return;
  metrics.healLastPass.set(status.checkedAt / 1000);
  metrics.healInterval.set(status.intervalSeconds);
  if (!isStalePass(status, Date.now())) setFound(metrics, status);
}

function setFound(metrics: Metrics, status: HealingStatus): void {
  const { rules, states, stopped, cap } = status;
  for (const rule of RULES) {
    const isKnown = rules[rule] !== undefined || whyJudgedNowhere(rule, status) === undefined;
    if (isKnown) metrics.healRules.set({ rule }, rules[rule] ?? 0);
  }
  if (states) for (const each of HEALING_STATES) metrics.healStates.set({ state: each }, states[each] ?? 0);
  metrics.healStopped.set(stopped === undefined ? 0 : 1);
  metrics.healCapUsed.set(cap.used);
  metrics.healCapLimit.set(cap.limit);
}

function forget({
  healRules,
  healStates,
  healStopped,
  healCapUsed,
  healCapLimit,
  ...metrics
}: Metrics): void {
  for (const each of [healRules, healStates]) each.reset();
  for (const each of [healStopped, healCapUsed, healCapLimit, metrics.healLastPass, metrics.healInterval])
    each.remove();
}
