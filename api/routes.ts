import type { Route } from './route.ts';
import { auditRoute } from './routes/audit.ts';
import { deployRoute } from './routes/deploy.ts';
import { fleetCsvRoute, fleetEventsRoute, fleetRoute } from './routes/fleet.ts';
import {
  healingRoute,
  quarantineRoute,
  releaseQuarantineRoute,
  resumeHealingRoute,
  stopHealingRoute,
} from './routes/healing.ts';
import { holdNamespaceRoute, holdsRoute, pinNamespaceRoute, releaseNamespaceRoute } from './routes/holds.ts';
import { releaseHookRoute } from './routes/hooks.ts';
import { ignoredReleasesRoute, ignoreReleaseRoute, releaseIgnoredRoute } from './routes/ignored-releases.ts';
import {
  namespaceLogsRoute,
  namespaceObjectsRoute,
  namespaceRoute,
  statusRoute,
} from './routes/namespaces.ts';
import { receiversRoute, testNotificationRoute } from './routes/notifications.ts';
import { planRoute } from './routes/plans.ts';
import { releaseCheckRoute, releasesRoute } from './routes/releases.ts';
import { rollbackRoute } from './routes/rollback.ts';
import {
  approveRoute,
  cancelRoute,
  pauseRoute,
  resumeRoute,
  retryRoute,
  skipRoute,
} from './routes/rollout-commands.ts';
import { rolloutRoute, rolloutsRoute } from './routes/rollouts.ts';

const ROLLOUTS: readonly Route[] = [
  rolloutsRoute,
  { ...deployRoute, path: '/api/rollouts', operationId: 'createRollout' },
  rolloutRoute,
  pauseRoute,
  resumeRoute,
  cancelRoute,
  retryRoute,
  skipRoute,
  approveRoute,
  rollbackRoute,
];

/** The whole API as data: mounting, documentation and authorization are derived from it. */
export const ROUTES: readonly Route[] = [
  deployRoute,
  ...ROLLOUTS,
  ...ROLLOUTS.map((each) => aliasOf(each, each.path.replace('/rollouts', '/deployments'))),
  planRoute,
  fleetRoute,
  fleetCsvRoute,
  fleetEventsRoute,
  statusRoute,
  namespaceRoute,
  namespaceObjectsRoute,
  namespaceLogsRoute,
  releasesRoute,
  releaseCheckRoute,
  auditRoute,
  releaseHookRoute,
  holdsRoute,
  holdNamespaceRoute,
  pinNamespaceRoute,
  releaseNamespaceRoute,
  ignoredReleasesRoute,
  ignoreReleaseRoute,
  releaseIgnoredRoute,
  healingRoute,
  stopHealingRoute,
  resumeHealingRoute,
  quarantineRoute,
  releaseQuarantineRoute,
  receiversRoute,
  testNotificationRoute,
];

/** The same route under its former path. */
function aliasOf(route: Route, path: string): Route {
  const { operationId, path: name } = route;
  return {
    ...route,
    path,
    operationId: `${operationId}Alias`,
    summary: `Alias of ${name}`,
    deprecated: true,
  };
}
