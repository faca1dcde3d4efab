import type { DemoOptions } from './demo-options.ts';
import { namespaceName } from './plan-fleet.ts';
import type { Demo } from './start-demo.ts';

/** What this is, before anything is started. */
export function greeting({ kubeconfig, namespaces }: DemoOptions): readonly string[] {
  const names = `${namespaceName(1, namespaces)} to ${namespaceName(namespaces, namespaces)}`;
  if (kubeconfig === undefined) {
    return [
      'Skipper demo. The cluster is SIMULATED: a small Kubernetes API server in this process, with simulated FDDs',
      'and a simulated kubelet. Skipper itself, its Redis and the release data are real.',
    ];
  }
  return [
    `Skipper demo on the API server of ${kubeconfig}. The FDDs and their kubelet are SIMULATED; all else is real.`,
    `It creates namespaces ${names} labelled skipper-demo=true there, and a node skipper-demo-node,`,
    'touches no others, and deletes them at the end, also on Ctrl-C. The CRDs of FIAAS are created if missing, and stay.',
  ];
}

/** Where to look, once it runs. */
export function introduction({ once, heal }: DemoOptions, demo: Demo): readonly string[] {
  const { skippers, cluster, channels, redis, fleet } = demo;
  const { url } = skippers;
  const misbehaving = fleet.filter(({ fault }) => fault !== undefined).length;
  const without = fleet.filter(({ installedVersion }) => installedVersion === undefined).length;
  return [
    '',
    `  fleet page ${url}/status`,
    `  board      ${url}/queues`,
    `  API        ${url}/api/openapi.json`,
    `  deploy     curl -X POST ${url}/api/deploy`,
    `  cluster    ${cluster.url} (${cluster.isSimulated ? 'simulated' : 'real, with simulated FDDs'})`,
    `  kubectl    kubectl --kubeconfig ${cluster.kubeconfigPath} -n ${fleet[0]?.name} get deployments -o name`,
    `  releases   ${channels.url}/fiaas-deploy-daemon/stable.json (as published, served locally)`,
    `  redis      ${redis.description}`,
    `  processes  ${skippers.describe().join(', ')}`,
    '',
    `${fleet.length} namespaces: ${without} without an FDD, the others with an outdated one; ${misbehaving} misbehave.`,
    once
      ? 'Deploying all of them once.'
      : 'Updates are automatic. Press Ctrl-C to stop; nothing stays behind.',
    ...(heal ? [HEALING] : []),
    '',
  ];
}

const HEALING =
  'Healing is on: delete a Deployment with kubectl, and watch /healing (docs/healing.md, "Try it").';
