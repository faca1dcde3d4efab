import { plural } from '../plural.ts';
import { utcTime } from '../utc-time.ts';

/** What was rebuilt after Redis had lost its data, or went back to an older state. */
export interface Rebuilt {
  readonly namespaces: number;
  readonly rollouts: number;
  /** Rollouts that wait for an operator. */
  readonly interrupted: number;
  /** Left out if it is not known. */
  readonly copy?: 'none' | 'current' | 'old' | undefined;
  /** When the copy was saved, in milliseconds since the epoch. */
  readonly copyAt?: number | undefined;
  /** Redis had an older state, and not none: from a snapshot, or of a replica that was behind. */
  readonly wentBack?: boolean | undefined;
}

export function describeLoss({ wentBack }: Pick<Rebuilt, 'wentBack'>): string {
  return wentBack ? 'Redis went back to an older state' : 'Redis lost its data';
}

/** For people: what is there again, and what is lost. */
export function describeRebuild(rebuilt: Rebuilt): string {
  const { namespaces, rollouts, copy } = rebuilt;
  const records = `the requests of ${plural(namespaces, 'namespace')}`;
  const from = copy === 'current' || copy === 'old' ? 'the cluster and the saved copy' : 'the cluster';
  const found = `${records} and ${plural(rollouts, 'open rollout')} were rebuilt from ${from}`;
  return `${found}; ${describePast(rebuilt)} lost${describeLost(rebuilt)}`;
}

function describePast({ wentBack }: Rebuilt): string {
  return wentBack
    ? 'rollouts that had ended, and the newest entries of the history and the audit log are'
    : 'the history and the audit log from before are';
}

function describeLost({ copy, copyAt, wentBack }: Rebuilt): string {
  if (copy === 'none' && wentBack) {
    return ', and as there was no saved copy (--state-config-map), so are quarantines, a stop of healing, and the namespaces that rollouts had not reached; holds, pins and ignored releases are those of the older state';
  }
  if (copy === 'none') {
    return ', and as there was no saved copy (--state-config-map), so are holds, pins, ignored releases, quarantines, a stop of healing, and the namespaces that rollouts had not reached';
  }
  if (copy === 'old' && copyAt !== undefined) {
    return `, and so is what was decided after ${utcTime(copyAt)}, when the copy was saved: holds, cancels, a stop of healing`;
  }
  return '';
}

/** What a person has to do. */
export function adviseAfterRebuild({ interrupted, copy, wentBack }: Rebuilt): string {
  const resume =
    interrupted === 1
      ? 'One rollout is interrupted: check it, and resume or cancel it on its page.'
      : `${interrupted} rollouts are interrupted: check them, and resume or cancel each on its page.`;
  return [
    ...(interrupted === 0 ? [] : [resume]),
    ...(copy === 'none' || copy === 'old'
      ? [
          `${wentBack && copy === 'none' ? 'Check' : 'Set'} holds and pins again, and stop healing again if it was stopped.`,
        ]
      : []),
    ...(copy === 'none'
      ? [
          'The release check (skipper releases --check) or a new request brings the release to namespaces that were not reached.',
        ]
      : []),
    wentBack ? WENT_BACK : LOST,
  ].join(' ');
}

const LOST = 'Find out why Redis lost its data, and give it a disk (persistence) if it has none.';
const WENT_BACK =
  'Unless you restored a backup, find out why Redis lost what was written last, and set appendonly yes if it only saves snapshots.';
