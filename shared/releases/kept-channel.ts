import { z } from 'zod';
import { parseChannelMetadata, parseSpec } from '../../domain/release/release.ts';
import { jsonText } from '../json-text.ts';

const Validators = z.object({ etag: z.string().optional(), lastModified: z.string().optional() });

/** What is kept of a channel: enough to ask conditionally, and to go on without its server. */
const KeptChannel = z.object({
  metadata: z.object({ image: z.string(), spec: z.string(), updated: z.string().optional() }),
  metadataText: z.string(),
  specText: z.string(),
  validators: Validators,
  specValidators: Validators,
  specReadAt: z.number(),
  checkedAt: z.number(),
});
export type KeptChannel = z.infer<typeof KeptChannel>;

/** Where the last good state of a channel outlives a process: Redis. */
export interface ChannelStore {
  load(tag: string): Promise<string | undefined>;
  save(tag: string, json: string): Promise<void>;
}

/** The last good state of each channel, in this process and in the store. */
export interface ChannelMemory {
  last(tag: string): Promise<KeptChannel | undefined>;
  /** Stores what differs from the last good state; without the store it is kept in this process only. */
  keep(tag: string, channel: KeptChannel, last: KeptChannel | undefined): Promise<void>;
}

const StoredChannel = jsonText(KeptChannel);

export function createChannelMemory(store: ChannelStore): ChannelMemory {
  const memory = new Map<string, KeptChannel>();

  return {
    last: async (tag) => {
      const known = memory.get(tag);
      if (known) return known;
      const stored = StoredChannel.safeParse(await store.load(tag).catch(() => undefined)).data;
      return stored && isUsable(stored) ? stored : undefined;
    },
    keep: async (tag, channel, last) => {
      memory.set(tag, channel);
      if (channel.metadataText === last?.metadataText && channel.specText === last.specText) return;
      await store.save(tag, JSON.stringify(channel)).catch(() => undefined);
    },
  };
}

/** An older Skipper may have stored what counts as wrong by now. */
function isUsable({ metadataText, specText }: KeptChannel): boolean {
  return parseChannelMetadata(metadataText).ok && parseSpec(specText).ok;
}
