import { messageOf } from '../domain/errors.ts';
import type { ReleaseCheckSchedule } from '../domain/fleet/release-check-schedule.ts';
import type { Core } from '../shared/core.ts';
import { HEAL_JOB, RELEASE_CHECK_JOB, REPAIR_JOB } from '../shared/queues.ts';
import { isReady } from '../shared/redis.ts';
import {
  isSameSchedule,
  type ReleaseCheckJob,
  readReleaseCheckSchedule,
} from '../shared/release-check-schedule.ts';

const REPAIR_INTERVAL_MS = 15_000;
/** Redis can lose its data without losing a connection. */
const ASSERT_INTERVAL_MS = 15_000;

type ScheduleCore = Pick<Core, 'releaseCheckQueue' | 'healQueue' | 'settings' | 'redis' | 'log'>;

/**
 * Schedules the release check, the repair of lost jobs and the passes of healing, and keeps them scheduled: a Redis that lost its data has lost
 * the schedules, too. Every worker does this; it changes nothing if they exist. The first time must succeed.
 */
export async function keepSchedules(
  core: ScheduleCore,
  { everyMs = ASSERT_INTERVAL_MS } = {},
): Promise<{ renew(): void; stop(): void }> {
  await assertSchedules(core);
  const log = core.log.child({ logger: 'worker' });
  const check = (assert: (core: ScheduleCore) => Promise<void>) => {
    if (!isReady(core.redis)) return;
    assert(core).catch((error: unknown) =>
      log.debug({ reason: messageOf(error) }, 'schedules cannot be checked'),
    );
  };
  const again = () => check(assertMissing);
  core.redis.on('ready', again);
  const timer = setInterval(again, everyMs);
  timer.unref();
  return {
    // A rebuild can have left a schedule without its next job.
    renew: () => check(assertSchedules),
    stop: () => {
      core.redis.off('ready', again);
      clearInterval(timer);
    },
  };
}

async function assertSchedules(core: ScheduleCore): Promise<void> {
  const { releaseCheckQueue: queue, settings, log } = core;
  const after = scheduleOf(settings);
  const before = await readReleaseCheckSchedule(queue);
  if (before !== undefined && !isSameSchedule(before, after)) {
    log
      .child({ logger: 'worker' })
      .warn({ before, after }, 'release check changed: give all workers the same settings');
  }
  await scheduleReleaseCheck(queue, after);
  await scheduleRepair(queue);
  await scheduleHealing(core);
}

/** Leaves an existing schedule alone: otherwise workers with different settings would overwrite each other's. */
async function assertMissing(core: ScheduleCore): Promise<void> {
  const { releaseCheckQueue: queue, settings } = core;
  const known = await readReleaseCheckSchedule(queue);
  if (known === undefined) await scheduleReleaseCheck(queue, scheduleOf(settings));
  await scheduleRepair(queue);
  if (!(await core.healQueue.getJobScheduler(HEAL_JOB))) await scheduleHealing(core);
}

type Schedule = Omit<ReleaseCheckSchedule, 'nextAt'>;

/** As this worker is set. */
function scheduleOf({ disableAutoupdate, releaseCheckInterval }: Core['settings']): Schedule {
  return { autoUpdate: !disableAutoupdate, intervalSeconds: releaseCheckInterval };
}

async function scheduleReleaseCheck(
  queue: Core['releaseCheckQueue'],
  { autoUpdate, intervalSeconds }: Schedule,
): Promise<void> {
  const data: ReleaseCheckJob = { autoUpdate };
  await queue.upsertJobScheduler(
    RELEASE_CHECK_JOB,
    { every: intervalSeconds * 1000 },
    { name: RELEASE_CHECK_JOB, data },
  );
}

async function scheduleRepair(queue: Core['releaseCheckQueue']): Promise<void> {
  await queue.upsertJobScheduler(REPAIR_JOB, { every: REPAIR_INTERVAL_MS }, { name: REPAIR_JOB });
  // With any number of workers, one check of the channels at a time is enough.
  await queue.setGlobalConcurrency(1);
}

/** Also with `off`: a pass then only records that. */
async function scheduleHealing({ healQueue, settings }: ScheduleCore): Promise<void> {
  await healQueue.upsertJobScheduler(HEAL_JOB, { every: settings.healInterval * 1000 }, { name: HEAL_JOB });
  // Two passes would only overtake each other.
  await healQueue.setGlobalConcurrency(1);
}
