import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Release } from '../../domain/release/release.ts';
import { jsonText } from '../json-text.ts';

/**
 * A release that was not requested or started, and is not in a record, for this long expires: three times as long as its
 * rollout is stored.
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

/** The key of a release, derived from its content, so that equal ones are stored once. */
export function releaseKey(release: Release): string {
  return createHash('sha256')
    .update(JSON.stringify([release.image, release.config]))
    .digest('hex')
    .slice(0, 16);
}
