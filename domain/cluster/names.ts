/** Names on the wire, defined by upstream Skipper and FDD: they must not change. */
export const FDD = 'fiaas-deploy-daemon';
export const BOOTSTRAP_POD = 'fiaas-deploy-daemon-bootstrap';
export const CONFIG_MAP = 'fiaas-deploy-daemon';
export const DEFAULT_TAG = 'stable';

export const APP_LABEL = 'app';
export const BOOTSTRAP_LABEL = 'fiaas/bootstrap';
export const DEPLOYMENT_ID_LABEL = 'fiaas/deployment_id';
export const HERITAGE = 'FIAAS-Skipper';

/** Where FDD and its bootstrap program read their configuration. */
export const CONFIG_MOUNT_PATH = '/var/run/config/fiaas/';

// The names below are Skipper's own.

/** The field manager that the API server records for Skipper's writes. */
export const FIELD_MANAGER = 'fiaas-skipper';
/** Annotation of the bootstrap pod: the deployment id it was started for. */
export const BOOTSTRAP_FOR_ANNOTATION = 'fiaas-skipper/deployment-id';
/** Annotation of the Application: a digest of the cluster_config.yaml that FDD was last started with. */
export const CONFIG_DIGEST_ANNOTATION = 'fiaas-skipper/config-digest';
/** Annotations of the Application: what Skipper's last write of it was part of. Redis is rebuilt from them if it loses its data. */
export const ROLLOUT_ANNOTATION = 'skipper.fiaas.io/rollout';
export const GENERATION_ANNOTATION = 'skipper.fiaas.io/generation';
/** The key of the release, as records and rollouts have it. */
export const RELEASE_ANNOTATION = 'skipper.fiaas.io/release';
/** A digest of image and config as they were written: another client can have changed them since. */
export const CONTENT_ANNOTATION = 'skipper.fiaas.io/content';
