import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Release } from '../../domain/release/release.ts';
import { jsonText } from '../json-text.ts';

const DAY_SECONDS = 24 * 3600;
/** Of `--rollout-retention`. */
const MAX_ROLLOUT_DAYS = 365;

/**
 * A release that was not requested or started, and is not in a record, for this long expires: longer than any rollout
 * is stored, so that a stored rollout can be taken back.
 */
export const RELEASE_TTL_SECONDS = (MAX_ROLLOUT_DAYS + 30) * DAY_SECONDS;

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
