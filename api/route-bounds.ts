import type { WorkBounds } from './bound-work.ts';

/** A deploy of thousands of namespaces takes megabytes, and a second of Redis and processor time. */
export const DEPLOYS: WorkBounds = { what: 'deploys', atOnce: 2, waiting: 62 };
