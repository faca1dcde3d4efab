import type { Adoption } from '../../domain/release/adoption.ts';
import type { StateConnection } from './state-connection.ts';
import { RELEASE_TTL_SECONDS } from './stored-release.ts';

/** When releases were published. */
export interface Publications {
  /** Stores the time of releases that were not seen before, by key. */
  notePublications(publications: ReadonlyMap<string, number>): Promise<void>;
  /** What makes the verification of a release an adoption; to be read before the run ends. */
  publicationIn(
    namespace: string,
    releaseKey: string,
  ): Promise<Pick<Adoption, 'publishedAt' | 'previousPublishedAt' | 'isKnown'>>;
}

export function openPublications({ redis, prefix, guarded }: StateConnection): Publications {
  const keyOf = (release: string) => `${prefix}:published:${release}`;
  return {
    notePublications: async (publications) => {
      const writes = [...publications].map(([release, at]) =>
        guarded(() => redis.set(keyOf(release), at, 'EX', RELEASE_TTL_SECONDS, 'NX')),
      );
      await Promise.all(writes);
    },
    publicationIn: async (namespace, releaseKey) => {
      const stored = await guarded(() => redis.hget(`${prefix}:namespace:${namespace}`, 'verified'));
      const verified = (stored ?? '').split(' ').filter(Boolean);
      const keys = [releaseKey, verified[0] ?? ''].map(keyOf);
      const [publishedAt, previousPublishedAt] = (await guarded(() => redis.mget(keys))).map(toTime);
      return { publishedAt, previousPublishedAt, isKnown: verified.includes(releaseKey) };
    },
  };
}

function toTime(text: string | null): number | undefined {
  return text === null ? undefined : Number(text);
}
