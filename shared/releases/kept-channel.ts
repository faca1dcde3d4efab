import { z } from 'zod';
import { parseChannelMetadata, parseSpec } from '../../domain/release/release.ts';
import { jsonText } from '../json-text.ts';

const Validators = z.object({ etag: z.string().optional(), lastModified: z.string().optional() });

/** The stored state of a channel: enough for conditional requests, and to continue while its server is down. */
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

/** Stores the last good state of channels in Redis, so that it survives a restart. */
export interface ChannelStore {
  load(tag: string): Promise<string | undefined>;
  save(tag: string, json: string): Promise<void>;
}

/** The last good state of each channel, in memory and in the store. */
export interface ChannelMemory {
  last(tag: string): Promise<KeptChannel | undefined>;
  /** Stores a state that differs from the last good one; while the store is down, only in memory. */
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

/** An older Skipper can have stored a state that is not valid any more. */
function isUsable({ metadataText, specText }: KeptChannel): boolean {
  return parseChannelMetadata(metadataText).ok && parseSpec(specText).ok;
}
