import type { Health } from '../../domain/fleet/fleet-row.ts';
import type { Attempt, AttemptEnd } from '../../domain/rollout/attempt.ts';
import type { Trigger } from '../../domain/rollout/rollout.ts';
import { requestedBy } from '../fleet/words.ts';

/** A duration in short form: `340 ms`, `2.4 s`, `1 min 5 s`, `2 h 10 min`. */
export function took(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

const ENDS: Readonly<Record<AttemptEnd, { readonly word: string; readonly health: Health }>> = {
  completed: { word: 'completed', health: 'healthy' },
  failed: { word: 'failed', health: 'degraded' },
  retrying: { word: 'failed, retried', health: 'outdated' },
  skipped: { word: 'skipped', health: 'unmanaged' },
  'handed over': { word: 'handed over', health: 'unmanaged' },
  lost: { word: 'worker lost', health: 'degraded' },
};

export function endOf({ end, outcome }: Attempt): { readonly word: string; readonly health: Health } {
  if (end === undefined) return { word: 'in progress', health: 'progressing' };
  // A newer Skipper may have written an end that is unknown here.
  const known = ENDS[end] ?? { word: end, health: 'unmanaged' as const };
  return end === 'completed' && outcome !== undefined ? { ...known, word: outcome } : known;
}

/** Who or what requested an attempt. */
export function requesterOf({ trigger, requestedBy: who }: Pick<Attempt, 'trigger' | 'requestedBy'>): string {
  return requestedBy(trigger as Trigger, who);
}

/** The colour of a step in the bar: Skipper's own work, FDD's work and the waits differ. */
export function seriesOf(kind: string): string {
  switch (kind) {
    case 'observe':
    case 'plan':
    case 'verify':
      return 'series-5';
    case 'bootstrapping':
    case 'waiting for FDD':
      return 'series-1';
    case 'rolling out':
      return 'series-3';
    case 'collecting the bootstrap log':
    case 'delete-bootstrap-pod':
      return 'series-4';
    default:
      return 'series-2';
  }
}

/** The name of a step: its text, with its kind in front if that adds something. */
export function stepName({ kind, text }: { readonly kind: string; readonly text: string }): string {
  if (text === '') return kind;
  const isWait = kind.includes(' ') || kind === 'bootstrapping' || kind === 'plan';
  return isWait ? `${kind}: ${text}` : text;
}
