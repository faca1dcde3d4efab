import type { TargetState } from '../../domain/rollout/rollout.ts';
import type { RolloutEvent } from '../../domain/rollout/rollout-status.ts';
import type { WaveView } from '../../domain/rollout/rollout-view.ts';
import { until } from '../ui/relative-time.ts';

export interface StateWords {
  readonly word: string;
  readonly meaning: string;
  /** The class of its colour. */
  readonly hue: 'healthy' | 'degraded' | 'progressing' | 'outdated' | 'unmanaged';
}

export const ROLLOUT_WORDS: Readonly<Record<TargetState, StateWords>> = {
  pending: { word: 'Waiting', meaning: 'nothing has been admitted yet', hue: 'unmanaged' },
  running: { word: 'In progress', meaning: 'targets are deployed and verified', hue: 'progressing' },
  paused: { word: 'Paused', meaning: 'nothing new is admitted until it is resumed', hue: 'outdated' },
  completed: { word: 'Completed', meaning: 'all targets have ended', hue: 'healthy' },
  failed: { word: 'Failed', meaning: 'more targets failed than the strategy allows', hue: 'degraded' },
  cancelled: { word: 'Cancelled', meaning: 'an operator ended it', hue: 'unmanaged' },
  superseded: { word: 'Superseded', meaning: 'a newer release took its place', hue: 'unmanaged' },
};

export const TARGET_WORDS: Readonly<Record<TargetState, string>> = {
  pending: 'Waiting',
  running: 'Running',
  paused: 'Paused',
  completed: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  superseded: 'Superseded',
};

const EVENT_WORDS: Readonly<Record<RolloutEvent['kind'], string>> = {
  created: 'Created',
  decided: 'Decided',
  paused: 'Paused',
  resumed: 'Resumed',
  cancelled: 'Cancelled',
  retried: 'Failed targets retried',
  skipped: 'Targets skipped',
  approved: 'Approved',
  'rolled back': 'Rolled back',
  changed: 'Changed',
};

/** What happened, and who did it: `Paused by Skipper`. */
export function eventWords({ kind, by, state }: Pick<RolloutEvent, 'kind' | 'by' | 'state'>): string {
  const isEnd = kind === 'decided' && ['completed', 'failed', 'cancelled', 'superseded'].includes(state);
  const word = isEnd ? ROLLOUT_WORDS[state].word : EVENT_WORDS[kind];
  return `${word} by ${by || 'Skipper'}`;
}

/** What a wave does now, or waits for. */
export function waveWords(
  { phase, soaksUntil, counts, maxFailures }: WaveView,
  isPaused: boolean,
  now: number,
): string {
  switch (phase) {
    case 'approval':
      return 'waits for an approval';
    case 'running':
      return isPaused ? 'stopped by the pause' : 'in progress';
    case 'soaking':
      return soaksUntil === undefined ? 'soaks' : `soaks, ends ${until(now, soaksUntil)}`;
    case 'ended':
      return counts.failed > maxFailures ? 'failed' : 'ended';
    case 'waiting':
      return 'waits';
    case undefined:
      return '';
  }
}

/** `wave 1 of 4, canary` */
export function waveName(index: number, total: number, isCanary: boolean): string {
  return `Wave ${index + 1} of ${total}${isCanary ? ', canary' : ''}`;
}
