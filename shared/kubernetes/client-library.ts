/**
 * What Skipper uses of Kubernetes' client library: the kubeconfig and its credentials. The build bundles this file with what
 * it needs of the library (scripts/build-client-library.mjs): the whole has clients for all of the Kubernetes API, which
 * cost 40 MiB in each process and most of its start.
 */
export { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
