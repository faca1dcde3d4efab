export const FDD = 'fiaas-deploy-daemon';
export const BOOTSTRAP_POD = 'fiaas-deploy-daemon-bootstrap';
/** Versions that were really published: the one in `stable` and `latest`, and two that older pins use. */
export const NEW = '20220808113256-eef68a8';
export const OLD = '20190215094822-2ace0ea';
export const OLDEST = '20190206110218-449abc6';
