import type { Route } from './route.ts';
import { deployRoute } from './routes/deploy.ts';
import { deploymentRoute, deploymentsRoute } from './routes/deployments.ts';
import { fleetEventsRoute, fleetRoute } from './routes/fleet.ts';
import { namespaceObjectsRoute, namespaceRoute, statusRoute } from './routes/namespaces.ts';
import { releaseCheckRoute, releasesRoute } from './routes/releases.ts';

/** The whole API, as data: it is mounted, documented and authorized from here. */
export const ROUTES: readonly Route[] = [
  deployRoute,
  deploymentsRoute,
  deploymentRoute,
  fleetRoute,
  fleetEventsRoute,
  statusRoute,
  namespaceRoute,
  namespaceObjectsRoute,
  releasesRoute,
  releaseCheckRoute,
];
