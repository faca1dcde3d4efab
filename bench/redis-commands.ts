import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
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
  let sent = 0;
  let executed = 0;
  let recordReads = 0;
  let parked = 0;
  const stop = await monitor(redisUrl, ({ source, command, key }) => {
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
  stop();
  return { sent, executed, recordReads, parked, seconds: (Date.now() - began) / 1_000 };
}

interface Monitored {
  /** The address of a client, or `lua`. */
  readonly source: string;
  readonly command: string;
  /** Its first argument. */
  readonly key: string;
}

const LINE = /^\+[\d.]+ \[\d+ (\S+)\] "((?:[^"\\]|\\.)*)"(?: "((?:[^"\\]|\\.)*)")?/;

/** Resolves once Redis reports its commands. Without ioredis: it takes a first command that follows at once for a reply. */
async function monitor(redisUrl: string, listener: (monitored: Monitored) => void): Promise<() => void> {
  const { hostname, port } = new URL(redisUrl);
  const socket = connect(Number(port), hostname);
  const lines = createInterface({ input: socket });
  lines.on('line', (line) => {
    const [match, source = '', command = '', key = ''] = LINE.exec(line) ?? [];
    if (match !== undefined) listener({ source, command, key });
  });
  socket.write('MONITOR\r\n');
  await once(lines, 'line');
  return () => socket.destroy();
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
