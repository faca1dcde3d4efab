import { until } from './until.ts';

/** Without pipes and processes: a browser has some, and it ends after the world. */
const KINDS = ['TCPSocketWrap', 'TCPServerWrap', 'Timeout'];

/** What keeps this process alive: the number of sockets, servers and timers. */
export type OpenHandles = Readonly<Record<string, number>>;

export function openHandles(): OpenHandles {
  const kinds = process.getActiveResourcesInfo();
  return Object.fromEntries(KINDS.map((kind) => [kind, kinds.filter((each) => each === kind).length]));
}

/** Throws if more is open than before. A socket can take a moment to close. */
export async function expectNoMoreHandles(before: OpenHandles): Promise<void> {
  const leaked = () => Object.entries(openHandles()).filter(([kind, count]) => count > (before[kind] ?? 0));
  await until(() => leaked().length === 0, 'everything is closed').catch(() => {
    throw new Error(`left open: ${JSON.stringify(leaked())}, before: ${JSON.stringify(before)}`);
  });
}
