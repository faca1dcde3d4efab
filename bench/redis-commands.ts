import { Redis } from 'ioredis';
import { pause } from '../shared/pause.ts';

export interface CommandCounts {
  /** Sent by clients: each is a part of some round trip. */
  readonly sent: number;
  /** These, and the commands inside scripts. */
  readonly executed: number;
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
  monitor.on('monitor', (_time: string, _words: string[], source: string) => {
    executed += 1;
    if (source !== 'lua') sent += 1;
  });
  const began = Date.now();
  await work();
  await pause(SETTLE_MS);
  monitor.disconnect();
  redis.disconnect();
  return { sent, executed, seconds: (Date.now() - began) / 1_000 };
}

export function perUnit({ sent, executed, seconds }: CommandCounts, units: number): CommandCounts {
  return { sent: sent / units, executed: executed / units, seconds };
}

/** Without what timers do in that time anyway: a slow machine needs longer for the same work. */
export function beyond({ sent, executed, seconds }: CommandCounts, idle: CommandCounts): CommandCounts {
  const share = seconds / idle.seconds;
  return { sent: sent - idle.sent * share, executed: executed - idle.executed * share, seconds };
}
