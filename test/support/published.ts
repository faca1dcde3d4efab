export const FDD = 'fiaas-deploy-daemon';
export const BOOTSTRAP_POD = 'fiaas-deploy-daemon-bootstrap';
/** The versions that were really published: what `stable` and `latest` name, and the two that older pins name. */
export const NEW = '20220808113256-eef68a8';
export const OLD = '20190215094822-2ace0ea';
export const OLDEST = '20190206110218-449abc6';
