import type { WorldOptions } from './simulated-world.ts';

/** A cluster in which Skipper has a token of its own, and can lose the right to read Deployments. */
export function refusableDeployments() {
  const right = { isGranted: true };
  const cluster: WorldOptions['cluster'] = {
    deny: ({ user, resource }) =>
      user === 'skipper' && resource === 'deployments' && !right.isGranted ? '' : undefined,
    tokens: { 'skipper-token': 'skipper' },
  };
  return { cluster, right };
}
