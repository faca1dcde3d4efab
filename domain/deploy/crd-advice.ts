import { CRDS } from './crds.ts';

/** What to do if the cluster has no CRD of FIAAS, and how to see that it has. */
export const CRD_ADVICE = `Start or restart a worker without --disable-crd-creation, or apply the CustomResourceDefinitions of FIAAS. To check: kubectl get crd ${CRDS.map(({ metadata }) => metadata.name).join(' ')}`;
