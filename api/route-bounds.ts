import type { WorkBounds } from './bound-work.ts';

/** A deploy of thousands of namespaces takes megabytes, and a second of Redis and processor time. */
export const DEPLOYS: WorkBounds = { what: 'deploys', atOnce: 2, waiting: 62 };

/** What is signed with the secret. */
export const HOOKS: WorkBounds = { what: 'announced releases', atOnce: 2, waiting: 8 };

/** Each waits up to 15 s for its receivers. */
export const NOTIFICATION_TESTS: WorkBounds = { what: 'tests of notifications', atOnce: 2, waiting: 8 };
