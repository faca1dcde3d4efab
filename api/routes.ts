import type { Route } from './route.ts';
import { deployRoute } from './routes/deploy.ts';
import { deploymentRoute, deploymentsRoute } from './routes/deployments.ts';
import { namespaceRoute, statusRoute } from './routes/namespaces.ts';
import { releaseCheckRoute } from './routes/releases.ts';

/** The whole API, as data: it is mounted, documented and authorized from here. */
export const ROUTES: readonly Route[] = [
  deployRoute,
  deploymentsRoute,
  deploymentRoute,
  statusRoute,
  namespaceRoute,
  releaseCheckRoute,
];
