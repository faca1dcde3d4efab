import type { Step } from '../../domain/deploy/plan.ts';
import type { Health } from '../../domain/fleet/fleet-row.ts';
import type { Attempt, AttemptEnd } from '../../domain/rollout/attempt.ts';
import type { RunPhase } from '../../domain/rollout/phase.ts';
import { TRIGGERS } from '../../domain/rollout/rollout.ts';
import { SECOND_MS, timeParts } from '../../domain/time-parts.ts';
import { requestedBy } from '../fleet/words.ts';

/** A duration in short form: `340 ms`, `2.4 s`, `1 min 5 s`, `2 h 10 min`. */
export function took(ms: number): string {
  if (ms < SECOND_MS) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9_950) return `${(ms / SECOND_MS).toFixed(1)} s`;
  const { days, hours, minutes, seconds } = timeParts(Math.round(ms / SECOND_MS) * SECOND_MS);
  if (days > 0 || hours > 0) return `${24 * days + hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds} s` : `${seconds} s`;
}

const ENDS: Readonly<Record<AttemptEnd, { readonly word: string; readonly health: Health }>> = {
  completed: { word: 'completed', health: 'healthy' },
  failed: { word: 'failed', health: 'degraded' },
  retrying: { word: 'failed, retried', health: 'outdated' },
  skipped: { word: 'skipped', health: 'unmanaged' },
  'handed over': { word: 'handed over', health: 'unmanaged' },
  lost: { word: 'worker lost', health: 'degraded' },
  superseded: { word: 'superseded', health: 'unmanaged' },
  refused: { word: 'request refused', health: 'degraded' },
};

export function endOf({ end, outcome }: Attempt): { readonly word: string; readonly health: Health } {
  if (end === undefined) return { word: 'in progress', health: 'progressing' };
  // A newer Skipper may have written an end that is unknown here.
  const known = ENDS[end] ?? { word: end, health: 'unmanaged' as const };
  return end === 'completed' && outcome !== undefined ? { ...known, word: outcome } : known;
}

/** Who or what requested an attempt. */
export function requesterOf({ trigger, requestedBy: who }: Pick<Attempt, 'trigger' | 'requestedBy'>): string {
  const known = TRIGGERS.find((each) => each === trigger);
  return known === undefined ? who : requestedBy(known, who);
}

type StepKind = 'observe' | 'plan' | Step['kind'] | RunPhase;

const SERIES: Readonly<Record<string, string>> = {
  observe: 'series-5',
  plan: 'series-5',
  verify: 'series-5',
  bootstrapping: 'series-1',
  'waiting for FDD': 'series-1',
  'rolling out': 'series-3',
  'collecting the bootstrap log': 'series-4',
  'delete-bootstrap-pod': 'series-4',
  'apply-rbac': 'series-2',
  'apply-application': 'series-2',
  'adopt-bootstrap-pod': 'series-2',
  'create-bootstrap-pod': 'series-2',
  'restart-fdd': 'series-2',
  planning: 'series-2',
  applying: 'series-2',
} satisfies Record<StepKind, string>;

/** The colour of a step in the bar: Skipper's own work, FDD's work and the waits differ. */
export function seriesOf(kind: string): string {
  return SERIES[kind] ?? 'series-2';
}

/** The name of a step: its text, with its kind in front if that adds something. */
export function stepName({ kind, text }: { readonly kind: string; readonly text: string }): string {
  if (text === '') return kind;
  const isWait = kind.includes(' ') || kind === 'bootstrapping' || kind === 'plan';
  return isWait ? `${kind}: ${text}` : text;
}
