import { type NamespaceSnapshot, reportOn } from '../cluster/observed.ts';
import type { Release } from '../release/release.ts';
import { differenceFrom } from './application.ts';

/** What earlier requests left behind, as far as it decides whether to ask again. */
export interface EarlierRequest {
  /** Something was asked for that is not done yet. */
  readonly unfinished: boolean;
  /** The release of the last finished run. */
  readonly lastRelease: string | undefined;
  readonly lastFailed: boolean;
  /** Runs in a row that failed. */
  readonly failures: number;
  readonly finishedAt: number | undefined;
}

const MINUTE_MS = 60_000;
/** A release that failed in a namespace is tried again after 10 minutes, then 20, 40, … */
const FIRST_RETRY_MS = 10 * MINUTE_MS;
const LAST_RETRY_MS = 6 * 60 * MINUTE_MS;

/**
 * Why a namespace should be deployed without anybody asking; undefined when it should not. It never means a forced
 * bootstrap: an FDD that is there is asked to update itself.
 */
export function reasonToUpdate(
  snapshot: NamespaceSnapshot,
  release: Release,
  releaseKey: string,
  earlier: EarlierRequest | undefined,
  now: number,
): string | undefined {
  if (!snapshot.config?.ok || snapshot.deployment?.helmRelease !== undefined) return undefined;
  const failedBefore = earlier?.lastFailed === true && earlier.lastRelease === releaseKey;
  const difference = snapshot.deployment
    ? (differenceFrom(snapshot.application, release) ?? mismatchOf(snapshot))
    : 'there is no Deployment';
  const reason = difference ?? (failedBefore ? 'its last deploy of this release failed' : undefined);
  if (reason === undefined || earlier?.unfinished) return undefined;
  if (failedBefore && now - (earlier.finishedAt ?? 0) < waitAfter(earlier.failures)) return undefined;
  return reason;
}

/** A Deployment that runs another image than its Application asks for, while FDD is not at it. */
function mismatchOf(snapshot: NamespaceSnapshot): string | undefined {
  const { application, deployment } = snapshot;
  if (!application || !deployment || deployment.image === application.image) return undefined;
  const report =
    application.deploymentId === undefined ? undefined : reportOn(snapshot, application.deploymentId);
  const isAtIt = report?.result === 'INITIATED' || report?.result === 'RUNNING';
  return isAtIt ? undefined : `the Deployment runs ${deployment.image}`;
}

function waitAfter(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), LAST_RETRY_MS);
}
