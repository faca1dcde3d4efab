import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import { isTag } from '../../domain/cluster/namespace-config.ts';
import { messageOf, SkipperError } from '../../domain/errors.ts';
import {
  makeRelease,
  parseChannelMetadata,
  parseHardcodedMetadata,
  parseOverride,
  parseSpec,
  type Release,
  type Spec,
} from '../../domain/release/release.ts';
import type { Result } from '../../domain/release/result.ts';
import type { EgressPolicy } from './egress-policy.ts';
import {
  type Document,
  directoryOf,
  fetchDocument,
  locateInDirectory,
  readDocument,
  type Validators,
} from './fetch-document.ts';

/** A spec of an unchanged release is looked at again after this long: its URL may serve something new. */
const SPEC_MAX_AGE_MS = 600_000;

/** What is known of one release channel. */
export interface Channel {
  readonly tag: string;
  /** What to deploy: fresh, or the last good one. */
  readonly release: Release | undefined;
  /** Why the latest look failed; with a release beside it, that release is the last good one. */
  readonly problem: { readonly code: SkipperError['code']; readonly message: string } | undefined;
  /** When the channel was last read without a problem, in milliseconds since the epoch. */
  readonly checkedAt: number | undefined;
  readonly updated: string | undefined;
}

export interface ReleaseSource {
  /** Looks at the channels, each once, all at the same time; never throws for one of them. */
  resolve(tags: Iterable<string>): Promise<Map<string, Channel>>;
}

/** Where the last good state of a channel outlives a process: Redis. */
export interface ChannelStore {
  load(tag: string): Promise<string | undefined>;
  save(tag: string, json: string): Promise<void>;
}

export interface ReleaseSourceOptions {
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly override: Spec;
  readonly egress: EgressPolicy;
  readonly store: ChannelStore;
  readonly log: Logger;
  readonly now?: () => number;
}

/** What is kept of a channel: enough to ask conditionally, and to go on without its server. */
const Remembered = z.object({
  metadata: z.object({ image: z.string(), spec: z.string(), updated: z.string().optional() }),
  metadataText: z.string(),
  specText: z.string(),
  validators: z.object({ etag: z.string().optional(), lastModified: z.string().optional() }),
  specValidators: z.object({ etag: z.string().optional(), lastModified: z.string().optional() }),
  specReadAt: z.number(),
  checkedAt: z.number(),
});
type Remembered = z.infer<typeof Remembered>;

export function createReleaseSource(options: ReleaseSourceOptions): ReleaseSource {
  const now = options.now ?? Date.now;
  const memory = new Map<string, Remembered>();
  const directory = directoryOf(options.baseUrl);
  const base = options.baseUrl.replace(/\/$/, '');

  function fetchMetadata(tag: string, validators: Validators): Promise<Document> {
    const name = `fiaas-deploy-daemon/${tag}.json`;
    if (directory !== undefined) return readDocument(directory, name, validators);
    return fetchDocument(`${base}/${name}`, validators, options);
  }

  function fetchSpec(specUrl: string, validators: Validators): Promise<Document> {
    if (directory !== undefined) {
      return readDocument(directory, locateInDirectory(directory, specUrl), validators);
    }
    if (!/^https?:\/\//i.test(specUrl)) {
      throw new SkipperError('invalid_release', `spec ${specUrl} is no http or https URL`);
    }
    options.egress.assertSpecAllowed(specUrl);
    return fetchDocument(specUrl, validators, options);
  }

  async function remembered(tag: string): Promise<Remembered | undefined> {
    const known = memory.get(tag);
    if (known) return known;
    const json = await options.store.load(tag).catch(() => undefined);
    const parsed = json === undefined ? undefined : Remembered.safeParse(safeJson(json));
    return parsed?.success && isUsable(parsed.data) ? parsed.data : undefined;
  }

  /** Reads the channel as it is now; throws what stands in the way. */
  async function look(tag: string, last: Remembered | undefined): Promise<Remembered> {
    const answer = await fetchMetadata(tag, last?.validators ?? {});
    if (answer.kind === 'absent') {
      throw new SkipperError('not_found', `release channel "${tag}" does not exist at ${base}`);
    }
    const metadataText = answer.kind === 'content' ? answer.text : (last?.metadataText ?? '');
    const metadata = orThrow(parseChannelMetadata(metadataText), `release channel "${tag}"`);
    const sameSpec =
      last !== undefined && last.metadata.spec === metadata.spec && last.metadata.image === metadata.image;
    const spec =
      sameSpec && now() - last.specReadAt < SPEC_MAX_AGE_MS
        ? last
        : await lookAtSpec(metadata.spec, sameSpec ? last : undefined);
    return {
      metadata: { image: metadata.image, spec: metadata.spec, updated: metadata.updated },
      metadataText,
      specText: spec.specText,
      validators: answer.kind === 'content' ? answer.validators : (last?.validators ?? {}),
      specValidators: spec.specValidators,
      specReadAt: spec.specReadAt,
      checkedAt: now(),
    };
  }

  async function lookAtSpec(
    specUrl: string,
    last: Remembered | undefined,
  ): Promise<Pick<Remembered, 'specText' | 'specValidators' | 'specReadAt'>> {
    const answer = await fetchSpec(specUrl, last?.specValidators ?? {});
    if (answer.kind === 'absent') throw new SkipperError('not_found', `spec ${specUrl} does not exist`);
    if (answer.kind === 'not-modified' && last) return { ...last, specReadAt: now() };
    const specText = answer.kind === 'content' ? answer.text : '';
    orThrow(parseSpec(specText), `spec ${specUrl}`);
    return {
      specText,
      specValidators: answer.kind === 'content' ? answer.validators : {},
      specReadAt: now(),
    };
  }

  async function resolveOne(tag: string): Promise<Channel> {
    if (!isTag(tag)) {
      return failed(tag, new SkipperError('config_error', `"${tag}" is no channel name`), undefined);
    }
    const last = await remembered(tag);
    try {
      const fresh = await look(tag, last);
      memory.set(tag, fresh);
      if (fresh.metadataText !== last?.metadataText || fresh.specText !== last.specText) {
        await options.store.save(tag, JSON.stringify(fresh)).catch(() => undefined);
      }
      return channelOf(tag, fresh, undefined);
    } catch (error) {
      options.log.warn({ channel: tag, reason: messageOf(error) }, 'release channel cannot be read');
      return failed(tag, error, last);
    }
  }

  function channelOf(tag: string, known: Remembered, problem: Channel['problem']): Channel {
    const metadata = orThrow(parseChannelMetadata(known.metadataText), tag);
    const spec = orThrow(parseSpec(known.specText), tag);
    return {
      tag,
      release: makeRelease(metadata.parsedImage, spec, options.override),
      problem,
      checkedAt: known.checkedAt,
      updated: known.metadata.updated,
    };
  }

  function failed(tag: string, error: unknown, last: Remembered | undefined): Channel {
    const code = error instanceof SkipperError ? error.code : 'release_source_unavailable';
    const problem = { code, message: messageOf(error) };
    // A channel that is gone is an answer; only silence and nonsense are bridged with what was good before.
    if (last === undefined || code === 'not_found') {
      return { tag, release: undefined, problem, checkedAt: last?.checkedAt, updated: undefined };
    }
    return channelOf(tag, last, problem);
  }

  const inFlight = new Map<string, Promise<Channel>>();
  function once(tag: string): Promise<Channel> {
    const running = inFlight.get(tag);
    if (running) return running;
    const started = resolveOne(tag).finally(() => inFlight.delete(tag));
    inFlight.set(tag, started);
    return started;
  }

  return {
    resolve: async (tags) => {
      const unique = [...new Set(tags)];
      const channels = await Promise.all(unique.map(once));
      return new Map(channels.map((channel) => [channel.tag, channel]));
    },
  };
}

/** Hardcoded mode: one release for every tag, from a setting and a file; nothing is fetched. */
export async function createHardcodedSource(
  metadataJson: string,
  specFile: string,
  override: Spec,
): Promise<ReleaseSource> {
  const metadata = orThrow(parseHardcodedMetadata(metadataJson), '--release-channel-metadata');
  const specText = await readFile(specFile, 'utf8').catch((error: unknown) => {
    throw new SkipperError(
      'invalid_release',
      `--release-channel-metadata-spec ${specFile} cannot be read: ${messageOf(error)}`,
    );
  });
  const spec = orThrow(parseSpec(specText), `--release-channel-metadata-spec ${specFile}`);
  const release = makeRelease(metadata.parsedImage, spec, override);
  return {
    resolve: async (tags) =>
      new Map(
        [...new Set(tags)].map((tag) => [
          tag,
          { tag, release, problem: undefined, checkedAt: Date.now(), updated: metadata.updated },
        ]),
      ),
  };
}

/** Reads the override file; a missing one means none, a broken one is said and left out, as upstream does. */
export async function readOverride(path: string, log: Logger): Promise<Spec> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  const override = parseOverride(text);
  if (override.ok) return override.value;
  log.error({ path, reason: override.reason }, 'spec override is ignored: correct the file and restart');
  return {};
}

function orThrow<T>(result: Result<T>, what: string): T {
  if (result.ok) return result.value;
  throw new SkipperError('invalid_release', `${what}: ${result.reason}`);
}

/** An older Skipper may have stored what counts as wrong by now. */
function isUsable({ metadataText, specText }: Remembered): boolean {
  return parseChannelMetadata(metadataText).ok && parseSpec(specText).ok;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
