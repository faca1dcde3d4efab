/** Every version whose artifact the release channels still serve, oldest first: the files in simulator/channel/artifacts. */
const OLDEST = '20190206110218-449abc6';
const OLDER = '20190215094822-2ace0ea';
const CURRENT = '20220808113256-eef68a8';

export const PUBLISHED_VERSIONS: readonly string[] = [OLDEST, OLDER, CURRENT];

/** What a fleet may run that has not been looked after. */
export const OUTDATED_VERSIONS: readonly string[] = [OLDEST, OLDER];

/** What `stable` and `latest` point at in the published data. */
export const CURRENT_VERSION = CURRENT;

export function imageOf(version: string): string {
  return `fiaas/fiaas-deploy-daemon:${version}`;
}

/** The version to publish after this one; after the newest comes the oldest. */
export function versionAfter(version: string): string {
  const next = (PUBLISHED_VERSIONS.indexOf(version) + 1) % PUBLISHED_VERSIONS.length;
  return PUBLISHED_VERSIONS[next] ?? CURRENT;
}
