import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Release } from '../../domain/release/release.ts';
import { jsonText } from '../json-text.ts';

/**
 * A release that nobody has requested, begun or named in a record for this long is forgotten: three times as long as its
 * rollout is remembered.
 */
export const RELEASE_TTL_SECONDS = 90 * 24 * 3600;

/** A release as `{skipper}:release:<key>` holds it. */
export const StoredRelease = jsonText(
  z.object({
    image: z.string(),
    version: z.string(),
    config: z.record(z.string(), z.unknown()),
  }),
);

/** Names a release by its content, so that equal ones are kept once. */
export function releaseKey(release: Release): string {
  return createHash('sha256')
    .update(JSON.stringify([release.image, release.config]))
    .digest('hex')
    .slice(0, 16);
}
