import type { Route } from './route.ts';
import { deployRoute } from './routes/deploy.ts';
import { fleetCsvRoute, fleetEventsRoute, fleetRoute } from './routes/fleet.ts';
import {
  namespaceLogsRoute,
  namespaceObjectsRoute,
  namespaceRoute,
  statusRoute,
} from './routes/namespaces.ts';
import { releaseCheckRoute, releasesRoute } from './routes/releases.ts';
import { rolloutRoute, rolloutsRoute } from './routes/rollouts.ts';

/** The whole API as data: mounting, documentation and authorization are derived from it. */
export const ROUTES: readonly Route[] = [
  deployRoute,
  rolloutsRoute,
  rolloutRoute,
  aliasOf(rolloutsRoute, '/api/deployments'),
  aliasOf(rolloutRoute, '/api/deployments/:id'),
  fleetRoute,
  fleetCsvRoute,
  fleetEventsRoute,
  statusRoute,
  namespaceRoute,
  namespaceObjectsRoute,
  namespaceLogsRoute,
  releasesRoute,
  releaseCheckRoute,
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
