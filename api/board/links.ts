import type { ExternalJobUrl } from '@bull-board/api/typings/app';

export const FLEET_PAGE = '/status';

/** From a job to its namespace on the fleet page. */
export function statusPageOf(namespace: string, displayText: string): ExternalJobUrl {
  return { href: `${FLEET_PAGE}/${encodeURIComponent(namespace)}`, displayText };
}
