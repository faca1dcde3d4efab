import { awaitsFdd, isDeploying } from '../cluster/awaits-fdd.ts';
import { hasNewConfiguration } from '../cluster/has-new-configuration.ts';
import { isLeaving } from '../cluster/is-leaving.ts';
import type { NamespaceSnapshot } from '../cluster/observed.ts';
import type { Release } from '../release/release.ts';
import { differenceFrom } from './application.ts';

/** The parts of earlier requests that decide whether to deploy again. */
export interface EarlierRequest {
  /** A request is not finished yet. */
  readonly unfinished: boolean;
  /** The release of the last finished run. */
  readonly lastRelease: string | undefined;
  readonly lastFailed: boolean;
  /** Consecutive failed runs. */
  readonly failures: number;
  readonly finishedAt: number | undefined;
}

const MINUTE_MS = 60_000;
/** A release that failed in a namespace is retried after 10 minutes, then 20, 40, … */
const FIRST_RETRY_MS = 10 * MINUTE_MS;
/** A watch can lag so much under load. */
const WATCH_LAG_MS = 10_000;
const LAST_RETRY_MS = 6 * 60 * MINUTE_MS;

/**
 * Why a namespace should be deployed automatically; undefined if it should not. Never a forced bootstrap: an existing FDD
 * updates itself.
 */
export function reasonToUpdate(
  snapshot: NamespaceSnapshot,
  release: Release,
  releaseKey: string,
  earlier: EarlierRequest | undefined,
  now: number,
): string | undefined {
  if (!snapshot.config?.ok || snapshot.deployment?.helmRelease !== undefined) return undefined;
  if (isLeaving(snapshot)) return undefined;
  const failedBefore = earlier !== undefined && hasFailedBefore(earlier, releaseKey);
  // Another worker has verified it: what this one's watch shows can be from before.
  const isKnown = earlier !== undefined && isJustVerified(earlier, releaseKey, now);
  const difference = isKnown ? undefined : differenceIn(snapshot, release);
  const change = hasNewConfiguration(snapshot) ? 'the configuration has changed' : undefined;
  const reason =
    difference ?? change ?? (failedBefore ? 'its last deploy of this release failed' : undefined);
  if (reason === undefined || earlier?.unfinished) return undefined;
  if (failedBefore && now < retryTime(earlier)) return undefined;
  return reason;
}

function isJustVerified(
  { lastFailed, lastRelease, finishedAt = 0 }: EarlierRequest,
  releaseKey: string,
  now: number,
): boolean {
  return !lastFailed && lastRelease === releaseKey && now - finishedAt < WATCH_LAG_MS;
}

function differenceIn(snapshot: NamespaceSnapshot, release: Release): string | undefined {
  if (!snapshot.deployment) return 'there is no Deployment';
  return differenceFrom(snapshot.application, release) ?? mismatchOf(snapshot);
}

/** True if deploying this release would be a retry of a failed deploy. */
export function hasFailedBefore(
  { lastFailed, lastRelease }: Pick<EarlierRequest, 'lastFailed' | 'lastRelease'>,
  releaseKey: string,
): boolean {
  return lastFailed && lastRelease === releaseKey;
}

/** A Deployment whose image or deployment differs from its Application's, while FDD is not deploying. */
function mismatchOf(snapshot: NamespaceSnapshot): string | undefined {
  const { application, deployment } = snapshot;
  if (!application || !deployment || isDeploying(snapshot)) return undefined;
  if (deployment.image !== application.image) return `the Deployment runs ${deployment.image}`;
  return awaitsFdd(snapshot) ? 'FDD has not taken up the previous deployment' : undefined;
}

/** Before this time, in milliseconds since the epoch, a release that failed is not deployed again automatically. */
export function retryTime({
  finishedAt = 0,
  failures,
}: {
  readonly finishedAt?: number | undefined;
  readonly failures: number;
}): number {
  return finishedAt + waitAfter(failures);
}

function waitAfter(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), LAST_RETRY_MS);
}
