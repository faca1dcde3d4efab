import { createHash } from 'node:crypto';
import type { Release } from './release.ts';

const DIGITS = 16;

/** A digest of image and config. The API server sorts the keys of objects, so their order does not count. */
export function contentDigest({ image, config }: Pick<Release, 'image' | 'config'>): string {
  return createHash('sha256')
    .update(JSON.stringify([image, sorted(config)]))
    .digest('hex')
    .slice(0, DIGITS);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
