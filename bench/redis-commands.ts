import { Redis } from 'ioredis';
import { pause } from '../shared/pause.ts';

export interface CommandCounts {
  /** Sent by clients: each is a part of some round trip. */
  readonly sent: number;
  /** These, and the commands inside scripts. */
  readonly executed: number;
  /** Of those sent: reads of a namespace's record, for pages and rollouts. A slow machine reads fewer changes at once. */
  readonly recordReads: number;
  /** How often a run was parked. */
  readonly parked: number;
  readonly seconds: number;
}

/** MONITOR is sent what has happened, a little later. */
const SETTLE_MS = 300;

/** Counts what Redis does during some work, in total. MONITOR slows Redis down, so nothing else should be measured. */
export async function countCommands(redisUrl: string, work: () => Promise<unknown>): Promise<CommandCounts> {
  const redis = new Redis(redisUrl);
  const monitor = await redis.monitor();
  let sent = 0;
  let executed = 0;
  let recordReads = 0;
  let parked = 0;
  monitor.on('monitor', (_time: string, [command = '', key = '']: string[], source: string) => {
    const name = command.toLowerCase();
    const isSent = source !== 'lua';
    executed += 1;
    if (isSent) sent += 1;
    if (isSent && name === 'hmget' && key.includes(':namespace:')) recordReads += 1;
    if (name === 'hset' && key.endsWith(':parked')) parked += 1;
  });
  const began = Date.now();
  await work();
  await pause(SETTLE_MS);
  monitor.disconnect();
  redis.disconnect();
  return { sent, executed, recordReads, parked, seconds: (Date.now() - began) / 1_000 };
}

export function perUnit(counts: CommandCounts, units: number): CommandCounts {
  return {
    ...counts,
    sent: counts.sent / units,
    executed: counts.executed / units,
    recordReads: counts.recordReads / units,
  };
}

/** Without what timers do in that time anyway: a slow machine needs longer for the same work. */
export function beyond(counts: CommandCounts, idle: CommandCounts): CommandCounts {
  const share = counts.seconds / idle.seconds;
  return {
    ...counts,
    sent: counts.sent - idle.sent * share,
    executed: counts.executed - idle.executed * share,
  };
}
