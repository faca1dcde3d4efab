import type { StatusValue } from '../../domain/cluster/status.ts';
import type { FleetRow, Health } from '../../domain/fleet/fleet-row.ts';
import type { Trigger } from '../../domain/rollout/rollout.ts';

export const HEALTH_WORDS: Readonly<Record<Health, { readonly word: string; readonly meaning: string }>> = {
  degraded: {
    word: 'Degraded',
    meaning: 'FDD is not working, its channel does not exist, or the latest deploy failed',
  },
  outdated: { word: 'Outdated', meaning: 'not on the wanted version, and no deploy is in progress' },
  unknown: {
    word: 'Unknown',
    meaning:
      'its release channel could not be read, it was not verified since its last deploy failed, or a health rule that held is not judged now',
  },
  progressing: { word: 'Progressing', meaning: 'a deploy is queued or in progress' },
  unmanaged: { word: 'Unmanaged', meaning: 'not managed by Skipper' },
  healthy: { word: 'Healthy', meaning: 'working and up to date' },
};

export const STATUS_WORDS: Readonly<Record<StatusValue, string>> = {
  OK: 'OK',
  NOT_FOUND: 'Not found',
  VERSION_MISMATCH: 'Version mismatch',
  UNAVAILABLE: 'Unavailable',
  FAILED: 'Failed',
  CONFIG_ERROR: 'Config error',
  HELM_MANAGED: 'Helm managed',
};

const TRIGGER_WORDS: Readonly<Record<Trigger, string>> = {
  api: 'requested by',
  release: 'new release, found by',
  retry: 'retry requested by',
  heal: 'repair, requested by',
  cli: 'requested with the command line by',
  board: 'requested on the board by',
  webhook: 'new release, reported by',
  unknown: 'requested by',
};

/** Who or what requested a rollout. */
export function requestedBy(trigger: Trigger, who: string): string {
  if (trigger === 'board' && who === 'board') return 'requested on the board';
  if (trigger === 'release') return 'new release';
  if (trigger === 'unknown') return 'not known: Redis lost its data';
  if (trigger === 'retry' && who === 'release-check') return 'automatic retry of failed deploys';
  return `${TRIGGER_WORDS[trigger]} ${who}`;
}

const NEEDS_ATTENTION: readonly Health[] = ['degraded', 'outdated', 'unknown'];

/** The status in words; what is wrong comes first if FDD is fine: a red "OK" would contradict itself. */
export function statusWords(row: Pick<FleetRow, 'status' | 'health' | 'state'>): {
  readonly word: string;
  readonly remark: string;
} {
  const { status, health, state } = row;
  const word = STATUS_WORDS[status];
  const remark = status === 'OK' ? 'FDD is OK' : word;
  const isFddFine = status === 'OK' || status === 'VERSION_MISMATCH';
  if (health === 'degraded' && state === 'failed' && isFddFine) return { word: 'Deploy failed', remark };
  if (status === 'OK' && NEEDS_ATTENTION.includes(health)) return { word: HEALTH_WORDS[health].word, remark };
  return { word, remark: '' };
}

export function namespaces(count: number): string {
  return `${number(count)} ${count === 1 ? 'namespace' : 'namespaces'}`;
}

/** With thousands separators, the same in every locale: `10,000`. */
export function number(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function percent(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const share = (part / whole) * 100;
  if (share > 0 && share < 1) return 'under 1 %';
  return `${share > 99 && share < 100 ? 99 : Math.round(share)} %`;
}
