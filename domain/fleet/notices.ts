import * as z from 'zod';
import {
  adviseAfterRebuild,
  describeLoss,
  describeRebuild,
  type Rebuilt,
} from '../deploy/describe-rebuild.ts';
import { describeFleetCause, describeFullCap } from '../heal/describe-healing.ts';
import { fleetRemedy } from '../heal/fleet-remedy.ts';
import type { HealingStatus } from '../heal/healing.ts';
import { isStalePass } from '../heal/is-stale-pass.ts';
import { describeAge } from '../heal/view-rules.ts';
import { DAY_MS } from '../time-parts.ts';
import { utcTime } from '../utc-time.ts';
import { explainReleaseCheck, type ReleaseCheckAge } from './release-check-age.ts';
import type { ReleaseCheckSchedule } from './release-check-schedule.ts';

/** Why deploys do not happen, worst first. */
export const NOTICE_CODES = [
  'no_worker',
  'state_rebuilding',
  'deploys_paused',
  'workers_resting',
  'some_workers_resting',
  'release_check_overdue',
  'healing_overdue',
  'healing_blocked',
  'healing_stopped',
  'heal_cap_used',
  'rollout_paused',
  'namespaces_quarantined',
  'auto_update_off',
  'state_rebuilt',
  'state_unsaved',
] as const;

/** Something that does not happen in the whole fleet; page, CLI and API show the same words. */
export const Notice = z
  .object({
    code: z.enum(NOTICE_CODES),
    message: z.string().describe('What does not happen, and why'),
    remedy: z.string().describe('What to do'),
  })
  .meta({ id: 'Notice' });
export type Notice = Readonly<z.infer<typeof Notice>>;

export interface NoticeFacts {
  /** Undefined while Redis does not answer: then nothing is known about workers, queue and release check. */
  readonly workers: number | undefined;
  /** The deploy queue was paused on the board. */
  readonly deploysPaused: boolean;
  /** Why workers rest, by worker. */
  readonly resting: ReadonlyMap<string, string>;
  readonly schedule: ReleaseCheckSchedule | undefined;
  readonly lastCheck: ReleaseCheckAge;
  /** The rollouts that are paused, newest first; `waiting`: how many targets have not ended. */
  readonly pausedRollouts: readonly { readonly id: string; readonly waiting: number }[];
  /** What the rebuild waits for, while Redis is empty. */
  readonly rebuilding?: string | undefined;
  /** When Redis lost its data, in milliseconds since the epoch, and what was found in the cluster. */
  readonly rebuilt?: (Rebuilt & { readonly at: number }) | undefined;
  /** Why what must survive a loss of Redis is not saved completely. */
  readonly saveProblem?: string | undefined;
  /** The latest pass of healing; undefined if none is known. */
  readonly healing: HealingStatus | undefined;
}

/** What stops deploys or releases, and what to do about each. */
export function composeNotices(facts: NoticeFacts, now: number): Notice[] {
  const {
    workers,
    deploysPaused,
    resting,
    schedule,
    lastCheck,
    pausedRollouts,
    rebuilding,
    rebuilt,
    saveProblem,
    healing,
  } = facts;
  if (workers === undefined) return [];
  const overdue = explainReleaseCheck(lastCheck, now);
  return [
    ...(workers === 0 ? [NO_WORKER] : []),
    ...(rebuilding === undefined ? [] : [rebuildingNotice(rebuilding)]),
    ...(deploysPaused ? [DEPLOYS_PAUSED] : []),
    ...(workers > 0 ? restingNotice(resting, workers) : []),
    ...(overdue === undefined ? [] : [{ ...CHECK_OVERDUE, message: `${overdue}.` }]),
    ...(healing === undefined || workers === 0 ? [] : healingNotice(healing, now)),
    ...pausedNotice(pausedRollouts),
    ...(healing === undefined ? [] : quarantineNotice(healing)),
    ...(schedule?.autoUpdate === false ? [AUTO_UPDATE_OFF] : []),
    ...(rebuilt !== undefined && now - rebuilt.at < SHOWN_FOR_MS ? [rebuiltNotice(rebuilt)] : []),
    ...(saveProblem === undefined ? [] : [unsavedNotice(saveProblem)]),
  ];
}

/** A notice that explains why a queued namespace waits; otherwise it waits for a free worker. */
export function stopsDeploys({ code }: Notice): boolean {
  return (
    code === 'no_worker' ||
    code === 'state_rebuilding' ||
    code === 'deploys_paused' ||
    code === 'workers_resting'
  );
}

const DEGRADED: ReadonlySet<Notice['code']> = new Set([
  'no_worker',
  'state_rebuilding',
  'release_check_overdue',
  'healing_overdue',
  'healing_blocked',
]);

/** `degraded` if Skipper does not work, `outdated` if somebody has stopped it, `unmanaged` if it is set so. */
export function healthOfNotice({ code }: Notice): 'degraded' | 'outdated' | 'unmanaged' {
  if (DEGRADED.has(code)) return 'degraded';
  return code === 'auto_update_off' ? 'unmanaged' : 'outdated';
}

export function describeNotice({ message, remedy }: Notice): string {
  return `${message} ${remedy}`;
}

const NO_WORKER: Notice = {
  code: 'no_worker',
  message: 'No worker is alive: nothing is deployed, and release channels are not checked.',
  remedy: 'Start a worker (skipper worker), or check the log of those that should run.',
};

const DEPLOYS_PAUSED: Notice = {
  code: 'deploys_paused',
  message: 'The deploy queue is paused: nothing is deployed until it is resumed on the board.',
  remedy: 'Open the queue "deploy" on the board (/queues), and resume it.',
};

const CHECK_OVERDUE = {
  code: 'release_check_overdue',
  remedy: 'Check the workers, and the release-check queue on the board.',
} as const;

const AUTO_UPDATE_OFF: Notice = {
  code: 'auto_update_off',
  message: 'Auto-update is off: deploys start only on request.',
  remedy:
    'Deploy outdated namespaces yourself (skipper deploy), or start the workers without --disable-autoupdate.',
};

/** Operators who come back the next morning see what has happened. */
const SHOWN_FOR_MS = DAY_MS;

function rebuildingNotice(problem: string): Notice {
  return {
    code: 'state_rebuilding',
    message: `Redis is new or has lost its data: nothing is deployed until the state is rebuilt (${problem}).`,
    remedy: 'It takes some seconds. If it takes longer, read the log of the workers.',
  };
}

function rebuiltNotice({ at, ...rebuilt }: NonNullable<NoticeFacts['rebuilt']>): Notice {
  return {
    code: 'state_rebuilt',
    message: `${describeLoss(rebuilt)} at ${utcTime(at)}: ${describeRebuild(rebuilt)}.`,
    remedy: adviseAfterRebuild(rebuilt),
  };
}

function unsavedNotice(problem: string): Notice {
  return {
    code: 'state_unsaved',
    message: `What must survive a loss of Redis is not saved completely: ${problem}.`,
    remedy:
      'Remove the cause (--state-config-map): until then, holds, cancels and stops of healing are lost if Redis loses its data.',
  };
}

/** Whether it is stopped is not known any more if no pass is made. */
function healingNotice(status: HealingStatus, now: number): Notice[] {
  if (isStalePass(status, now)) {
    const message = `Healing does not check the fleet: ${describeAge(status, now)}.`;
    return [{ code: 'healing_overdue', message, remedy: 'Check the workers and their logs.' }];
  }
  return [...blockedNotice(status), ...limitNotice(status)];
}

/** What keeps healing from repairing, also once it can judge again. */
function limitNotice(status: HealingStatus): Notice[] {
  const { mode, stopped } = status;
  const full = describeFullCap(status);
  if (full) return [{ code: 'heal_cap_used', ...full }];
  if (mode !== 'on' || stopped === undefined) return [];
  const who = stopped.by === undefined ? 'automatically' : `by ${stopped.by}`;
  const message = `Healing was stopped ${who}, nothing is repaired: ${stopped.reason.replace(/\.$/, '')}.`;
  return [{ code: 'healing_stopped', message, remedy: stopped.by ? RESUME : FIND_CAUSE }];
}

function blockedNotice({ mode, fleetWide = [] }: HealingStatus): Notice[] {
  if (mode === 'off' || fleetWide.length === 0) return [];
  const causes = fleetWide.map(describeFleetCause).join('; ');
  return [
    {
      code: 'healing_blocked',
      message: `Healing can judge and repair nothing: ${causes}.`,
      remedy: fleetWide.map(fleetRemedy).join('. '),
    },
  ];
}

const RESUME = 'Resume it when that is over: skipper heal resume.';
const FIND_CAUSE = 'Find the cause (skipper heal status), then resume it (skipper heal resume).';

function quarantineNotice({ mode, states }: HealingStatus): Notice[] {
  const count = states?.quarantined ?? 0;
  if (count === 0 || mode === 'off') return [];
  const message = `${count === 1 ? '1 namespace is' : `${count} namespaces are`} in quarantine: what healing tried did not help.`;
  return [{ code: 'namespaces_quarantined', message, remedy: QUARANTINED }];
}

const QUARANTINED =
  'Read why (skipper quarantine list) and remove the cause. If they are still in quarantine then, release them: skipper quarantine release.';

/** Deploys of other rollouts continue. */
function pausedNotice(paused: NoticeFacts['pausedRollouts']): Notice[] {
  const [first] = paused;
  if (first === undefined) return [];
  const waiting = paused.reduce((sum, each) => sum + each.waiting, 0);
  const which =
    paused.length === 1 ? `Rollout ${first.id} is paused` : `${paused.length} rollouts are paused`;
  // A namespace can be a target of several.
  const noun = paused.length === 1 ? 'namespace' : 'target';
  const targets = `${waiting} ${waiting === 1 ? `${noun} waits` : `${noun}s wait`}`;
  return [
    {
      code: 'rollout_paused',
      message: `${which}: ${targets} for an operator.`,
      remedy: `Read why (skipper rollout show ${first.id}), then roll back, retry, resume or cancel it.`,
    },
  ];
}

function restingNotice(resting: NoticeFacts['resting'], alive: number): Notice[] {
  const [first] = resting;
  if (first === undefined) return [];
  const [worker, reason] = first;
  const why = `cannot use the Kubernetes API (${worker}: ${reason})`;
  if (resting.size < alive) {
    return [
      {
        code: 'some_workers_resting',
        message: `${resting.size} of ${alive} workers ${why}: the others deploy, more slowly.`,
        remedy: 'Check the network and the credentials of those that cannot; they continue automatically.',
      },
    ];
  }
  return [
    {
      code: 'workers_resting',
      message: `The deploy queue rests: ${resting.size} ${resting.size === 1 ? 'worker' : 'workers'} ${why}.`,
      remedy: 'Deploys continue automatically when it can be used; until then no attempt is counted.',
    },
  ];
}
