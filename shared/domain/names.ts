/** The names on the wire: all of them are fixed by upstream Skipper and FDD, none may change. */
export const FDD = 'fiaas-deploy-daemon';
export const BOOTSTRAP_POD = 'fiaas-deploy-daemon-bootstrap';
export const CONFIG_MAP = 'fiaas-deploy-daemon';
export const DEFAULT_TAG = 'stable';

export const APP_LABEL = 'app';
export const BOOTSTRAP_LABEL = 'fiaas/bootstrap';
export const DEPLOYMENT_ID_LABEL = 'fiaas/deployment_id';
export const HERITAGE = 'FIAAS-Skipper';

/** Who the API server sees as owner of the fields that Skipper writes. */
export const FIELD_MANAGER = 'fiaas-skipper';
/** Annotation of the bootstrap pod: the deployment id that it was started for. */
export const BOOTSTRAP_FOR_ANNOTATION = 'fiaas-skipper/deployment-id';

/** Where FDD, and its bootstrap program, look for their configuration. */
export const CONFIG_MOUNT_PATH = '/var/run/config/fiaas/';

const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** True for what Kubernetes accepts as a label's value: at most 63 characters, no colon, no slash. */
export function isLabelValue(value: string): boolean {
  return LABEL_VALUE.test(value);
}
