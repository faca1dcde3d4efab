import { APPLICATIONS } from '../../shared/kubernetes/resources.ts';

/** An Application of a team, beside FDD's own: an FDD that hears deploys it. */
export const SHOP = {
  apiVersion: APPLICATIONS.apiVersion,
  kind: APPLICATIONS.kind,
  metadata: { name: 'shop', labels: { app: 'shop', 'fiaas/deployment_id': 'shop-1' } },
  spec: { application: 'shop', image: 'shop:1', config: {} },
};
