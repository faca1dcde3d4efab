import type { Logger } from 'pino';
import { isTag } from '../../domain/cluster/namespace-config.ts';
import { messageOf, SkipperError } from '../../domain/errors.ts';
import { describeDuplicates } from '../../domain/release/parse-yaml.ts';
import {
  makeRelease,
  parseChannelMetadata,
  parseSpec,
  type Release,
  type Spec,
} from '../../domain/release/release.ts';
import type { FetchOptions } from './fetch-document.ts';
import {
  type ChannelMemory,
  type ChannelStore,
  createChannelMemory,
  type KeptChannel,
} from './kept-channel.ts';
import { orThrow } from './or-throw.ts';
import { type ChannelDocuments, openChannelDocuments, readChannel } from './read-channel.ts';

/** The known state of a release channel. */
export interface Channel {
  readonly tag: string;
  /** The release to deploy: current, or the last good one. */
  readonly release: Release | undefined;
  /** Why the latest check failed; if `release` is set, too, it is the last good one. */
  readonly problem: { readonly code: SkipperError['code']; readonly message: string } | undefined;
  /** When the channel was last read without a problem, in milliseconds since the epoch. */
  readonly checkedAt: number | undefined;
  readonly updated: string | undefined;
}

export interface ReleaseSource {
  /** Reads the channels in parallel, each once; a channel that fails never makes it throw. */
  resolve(tags: Iterable<string>): Promise<Map<string, Channel>>;
  /** Why the release server did not answer the latest request, by channel. */
  problems(): readonly string[];
}

export interface ReleaseSourceOptions extends FetchOptions {
  readonly baseUrl: string;
  readonly override: Spec;
  readonly store: ChannelStore;
  readonly log: Logger;
  readonly now?: () => number;
}

export function createReleaseSource({
  baseUrl,
  override,
  store,
  log,
  now = Date.now,
  ...fetching
}: ReleaseSourceOptions): ReleaseSource {
  const documents = openChannelDocuments(baseUrl, fetching);
  const memory = createChannelMemory(store);
  const inFlight = new Map<string, Promise<Channel>>();
  const silent = new Map<string, string>();

  function once(tag: string): Promise<Channel> {
    const running = inFlight.get(tag);
    if (running) return running;
    const started = resolveOne({ documents, memory, override, log, now }, tag).finally(() =>
      inFlight.delete(tag),
    );
    inFlight.set(tag, started);
    return started;
  }

  return {
    resolve: async (tags) => {
      const channels = await Promise.all([...new Set(tags)].map(once));
      for (const { tag, problem } of channels) {
        if (problem?.code === 'release_source_unavailable') silent.set(tag, problem.message);
        else silent.delete(tag);
      }
      return new Map(channels.map((channel) => [channel.tag, channel]));
    },
    problems: () => [...new Set(silent.values())],
  };
}

interface SourceParts extends Pick<ReleaseSourceOptions, 'override' | 'log'> {
  readonly documents: ChannelDocuments;
  readonly memory: ChannelMemory;
  readonly now: () => number;
}

async function resolveOne(parts: SourceParts, tag: string): Promise<Channel> {
  const { documents, memory, override, log, now } = parts;
  if (!isTag(tag)) {
    const problem = { code: 'config_error', message: `"${tag}" is not a valid channel name` } as const;
    return { tag, release: undefined, problem, checkedAt: undefined, updated: undefined };
  }
  const last = await memory.last(tag);
  try {
    const fresh = await readChannel(documents, tag, last, now);
    if (fresh.specText !== last?.specText) logDuplicates(tag, fresh, log);
    await memory.keep(tag, fresh, last);
    return toChannel(tag, fresh, override);
  } catch (error) {
    log.warn({ channel: tag, reason: messageOf(error) }, 'release channel cannot be read');
    return failedChannel(tag, error, last, override);
  }
}

/** Once for each spec, when it is new. */
function logDuplicates(tag: string, { metadata, specText }: KeptChannel, log: Logger): void {
  const { duplicateKeys } = parseSpec(specText);
  if (!duplicateKeys) return;
  log.warn({ channel: tag }, `spec ${metadata.spec} ${describeDuplicates(duplicateKeys)}`);
}

function toChannel(tag: string, kept: KeptChannel, override: Spec): Channel {
  const metadata = orThrow(parseChannelMetadata(kept.metadataText), tag);
  const spec = orThrow(parseSpec(kept.specText), tag);
  return {
    tag,
    release: makeRelease(metadata.parsedImage, spec, override),
    problem: undefined,
    checkedAt: kept.checkedAt,
    updated: kept.metadata.updated,
  };
}

/** A deleted channel is a valid answer; only for an outage or an invalid document is the last good release used. */
function failedChannel(tag: string, error: unknown, last: KeptChannel | undefined, override: Spec): Channel {
  const code = error instanceof SkipperError ? error.code : 'release_source_unavailable';
  const problem = { code, message: messageOf(error) };
  if (last === undefined || code === 'not_found' || code === 'release_unknown') {
    return { tag, release: undefined, problem, checkedAt: last?.checkedAt, updated: undefined };
  }
  return { ...toChannel(tag, last, override), problem };
}
