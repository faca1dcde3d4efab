import { setTimeout as pause } from 'node:timers/promises';
import type { ChannelServer } from '../channel-server.ts';
import { silence } from '../fdd/delays.ts';
import { CURRENT_VERSION, versionAfter } from './published-versions.ts';

/** Publishes another version every so often, until the signal; with undefined, none. */
export async function publishReleases(
  channels: ChannelServer,
  releaseEvery: number | undefined,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  if (releaseEvery === undefined) return silence(signal);
  let published = CURRENT_VERSION;
  for (;;) {
    await pause(releaseEvery * 1_000, undefined, { signal });
    published = versionAfter(published);
    channels.publish('stable', published);
    say(`channel stable is ${published}`);
  }
}
