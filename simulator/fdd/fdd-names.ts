/** Names that FDD and Skipper agree on. */
export const FDD = 'fiaas-deploy-daemon';
export const BOOTSTRAP = 'fiaas-deploy-daemon-bootstrap';
export const CONFIG_MOUNT_PATH = '/var/run/config/fiaas';
export const BOOTSTRAP_LABEL = 'fiaas/bootstrap';
export const DEPLOYMENT_ID_LABEL = 'fiaas/deployment_id';
export const LAST_UPDATED_ANNOTATION = 'fiaas/last_updated';

/** The text after the last colon: what FDD takes for the version. */
export function imageVersion(image: string): string {
  const colon = image.lastIndexOf(':');
  return colon === -1 || image.includes('/', colon) ? 'latest' : image.slice(colon + 1);
}

export function isFddImage(image: string): boolean {
  const colon = image.lastIndexOf(':');
  const name = colon === -1 || image.includes('/', colon) ? image : image.slice(0, colon);
  return name === FDD || name.endsWith(`/${FDD}`);
}
