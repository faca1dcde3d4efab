import { setTimeout as pause } from 'node:timers/promises';
import pMap from 'p-map';
import { APP_LABEL, CONFIG_MAP, FDD } from '../../domain/cluster/names.ts';
import { messageOf, SkipperError } from '../../domain/errors.ts';
import { ConfigurationError } from '../../shared/config.ts';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import {
  CONFIG_MAPS,
  NAMESPACES,
  NODES,
  pathOf,
  type Resource,
  SERVICE_ACCOUNTS,
} from '../../shared/kubernetes/resources.ts';
import { DEMO_LABEL, type DemoCluster, openDemoClient } from './demo-cluster.ts';
import type { DemoNamespace } from './plan-fleet.ts';

const NODE = 'skipper-demo-node';
const IN_FLIGHT = 32;
const DEFAULT_ACCOUNTS_TIMEOUT_MS = 60_000;
const REMOVAL_TIMEOUT_MS = 300_000;
const POLL_INTERVAL_MS = 500;
const LABEL_SELECTOR = Object.entries(DEMO_LABEL)
  .map((pair) => pair.join('='))
  .join(',');

/** What the simulated kubelet, FDDs and the demo itself do there. */
const NEEDED_RIGHTS = [
  { verb: 'create', group: '', resource: 'namespaces' },
  { verb: 'delete', group: '', resource: 'namespaces' },
  { verb: 'create', group: '', resource: 'configmaps' },
  { verb: 'create', group: '', resource: 'nodes' },
  { verb: 'patch', group: '', resource: 'nodes', subresource: 'status' },
  { verb: 'create', group: '', resource: 'pods', subresource: 'binding' },
  { verb: 'patch', group: '', resource: 'pods', subresource: 'status' },
  { verb: 'create', group: 'apps', resource: 'deployments' },
  { verb: 'create', group: 'fiaas.schibsted.io', resource: 'applications' },
  { verb: 'create', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
] as const;

export interface RealClusterOptions {
  readonly kubeconfigPath: string;
  readonly fleet: readonly DemoNamespace[];
  readonly say: (line: string) => void;
}

/** Someone's own API server: looked at closely before anything is made there. */
export async function openRealCluster(options: RealClusterOptions): Promise<DemoCluster> {
  const client = openClient(options.kubeconfigPath);
  try {
    await refuseWithoutRights(client);
    await refuseForeignFiaas(client);
    await refuseExistingNamespaces(client, options.fleet);
    await warnOfOtherNodes(client, options.say);
    await registerTaintedNode(client);
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    isSimulated: false,
    url: client.server,
    kubeconfigPath: options.kubeconfigPath,
    client,
    nodeName: NODE,
    // The demo leaves nothing in it that is not of its fleet.
    stateConfigMap: undefined,
    untilNamespacesAreUsable: (fleet) => untilDefaultAccounts(client, fleet),
    removeNamespaces: (fleet) => removeNamespaces(client, fleet, options.say),
    close: async () => {
      await client.delete(NODES, { name: NODE });
      await client.close();
    },
  };
}

function openClient(kubeconfigPath: string): KubernetesClient {
  try {
    return openDemoClient({ kubeconfig: kubeconfigPath });
  } catch (error) {
    throw new ConfigurationError(`--kubeconfig ${kubeconfigPath} cannot be used: ${messageOf(error)}`);
  }
}

async function refuseWithoutRights(client: KubernetesClient): Promise<void> {
  const answers = await Promise.all(NEEDED_RIGHTS.map((right) => isAllowed(client, right)));
  const missing = NEEDED_RIGHTS.filter((_, index) => answers[index] === false).map(describeRight);
  if (missing.length === 0) return;
  throw new ConfigurationError(
    `the demo makes namespaces of its own on ${client.server}, and this user may not ${missing.join(', ')}: use a kubeconfig of a cluster administrator`,
  );
}

type Right = (typeof NEEDED_RIGHTS)[number];

async function isAllowed(client: KubernetesClient, right: Right): Promise<boolean> {
  const review = await client
    .request<{ status?: { allowed?: boolean } }>({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: right },
      },
    })
    .catch((error: unknown) => {
      throw new ConfigurationError(`${client.server} cannot be used: ${messageOf(error)}`);
    });
  return review.status?.allowed === true;
}

function describeRight(right: Right): string {
  return `${right.verb} ${right.resource}${'subresource' in right ? `/${right.subresource}` : ''}`;
}

/** Skipper looks after every FIAAS namespace that it finds: the demo must find none but its own. */
async function refuseForeignFiaas(client: KubernetesClient): Promise<void> {
  const selections: readonly Readonly<Record<string, string>>[] = [
    { fieldSelector: `metadata.name=${CONFIG_MAP}` },
    { labelSelector: `${APP_LABEL}=${FDD}` },
  ];
  const found = await Promise.all(selections.map((query) => list(client, CONFIG_MAPS, query)));
  const foreign = [...new Set(found.flat().map(({ metadata }) => metadata.namespace ?? ''))];
  if (foreign.length === 0) return;
  throw new ConfigurationError(
    `${client.server} has FIAAS namespaces already (${shown(foreign)}), and Skipper would deploy to them: use a cluster without`,
  );
}

async function refuseExistingNamespaces(
  client: KubernetesClient,
  fleet: readonly DemoNamespace[],
): Promise<void> {
  const names = new Set(fleet.map(({ name }) => name));
  const existing = (await list(client, NAMESPACES, {}))
    .map(({ metadata }) => metadata.name)
    .filter((name) => names.has(name));
  if (existing.length === 0) return;
  throw new ConfigurationError(
    `${client.server} has namespaces named like the demo's (${shown(existing)}): if they are an earlier demo's, kubectl delete namespaces -l ${LABEL_SELECTOR}`,
  );
}

/** Before the simulated kubelet registers it: nobody else's pods may be scheduled to a node that is not there. */
async function registerTaintedNode(client: KubernetesClient): Promise<void> {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE, labels: DEMO_LABEL },
    spec: { unschedulable: true, taints: [{ key: 'skipper-demo', value: 'true', effect: 'NoSchedule' }] },
  };
  await client.create(NODES, undefined, node).catch((error: unknown) => {
    // An earlier demo that was killed has left it.
    if (!(error instanceof SkipperError && error.code === 'conflict')) throw error;
  });
}

/** The simulated kubelet takes pods as soon as it sees them, but a scheduler may be faster. */
async function warnOfOtherNodes(client: KubernetesClient, say: (line: string) => void): Promise<void> {
  const others = (await list(client, NODES, {})).filter(({ metadata }) => metadata.name !== NODE).length;
  if (others === 0) return;
  say(`This cluster has nodes of its own (${others}): its scheduler may put some of the demo's pods there.`);
}

/** The controller-manager makes them; a pod that comes before is refused, and its ReplicaSet backs off. */
async function untilDefaultAccounts(
  client: KubernetesClient,
  fleet: readonly DemoNamespace[],
): Promise<void> {
  const deadline = Date.now() + DEFAULT_ACCOUNTS_TIMEOUT_MS;
  for (;;) {
    const accounts = await list(client, SERVICE_ACCOUNTS, { fieldSelector: 'metadata.name=default' });
    const there = new Set(accounts.map(({ metadata }) => metadata.namespace));
    if (fleet.every(({ name }) => there.has(name))) return;
    if (Date.now() > deadline) {
      throw new ConfigurationError(
        `${client.server} does not make ServiceAccount "default" in new namespaces: it seems to have no controller-manager`,
      );
    }
    await pause(POLL_INTERVAL_MS);
  }
}

async function removeNamespaces(
  client: KubernetesClient,
  fleet: readonly DemoNamespace[],
  say: (line: string) => void,
): Promise<void> {
  const ours = new Set(fleet.map(({ name }) => name));
  await pMap(ours, (name) => client.delete(NAMESPACES, { name }), { concurrency: IN_FLIGHT });
  const deadline = Date.now() + REMOVAL_TIMEOUT_MS;
  for (let reported = 0; ; ) {
    const left = (await list(client, NAMESPACES, { labelSelector: LABEL_SELECTOR })).filter(({ metadata }) =>
      ours.has(metadata.name),
    );
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      throw new SkipperError(
        'cluster_unavailable',
        `${left.length} of the demo's namespaces are still being deleted by ${client.server}: look after them with kubectl get namespaces -l ${LABEL_SELECTOR}`,
      );
    }
    if (left.length !== reported) say(`deleting the demo's namespaces: ${left.length} left`);
    reported = left.length;
    await pause(2 * POLL_INTERVAL_MS);
  }
}

interface Listed {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

async function list(
  client: KubernetesClient,
  resource: Resource,
  query: Readonly<Record<string, string>>,
): Promise<readonly Listed[]> {
  const { items } = await client.request<{ items: readonly Listed[] }>({
    method: 'GET',
    path: pathOf(resource),
    query,
  });
  return items;
}

function shown(names: readonly string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? `, … ${names.length} in all` : '');
}
