import type { KubernetesClient } from '../../../shared/kubernetes/client.ts';
import { APPLICATIONS, DEPLOYMENTS, PODS, pathOf } from '../../../shared/kubernetes/resources.ts';

export const FDD = 'fiaas-deploy-daemon';
export const BOOTSTRAP_POD = 'fiaas-deploy-daemon-bootstrap';
/** The version in the channel `stable`, and the two older published ones. */
export const STABLE = '20220808113256-eef68a8';
export const OLD = '20190215094822-2ace0ea';
export const IMAGE = `fiaas/fiaas-deploy-daemon:${STABLE}`;
export const OLD_IMAGE = `fiaas/fiaas-deploy-daemon:${OLD}`;

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly uid: string;
      readonly name: string;
    }[];
    readonly managedFields?: readonly {
      readonly manager: string;
      readonly operation: string;
      readonly subresource?: string;
      readonly fieldsV1: Readonly<Record<string, unknown>>;
    }[];
  };
}

export interface Application extends KubernetesObject {
  readonly spec: {
    readonly application: string;
    readonly image: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly additional_labels?: unknown;
    readonly additional_annotations?: unknown;
  };
}

export interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly image: string;
          readonly env: readonly { readonly name: string; readonly value: string }[];
        }[];
      };
    };
  };
  readonly status: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export interface ReplicaSet extends KubernetesObject {
  readonly status: { readonly readyReplicas?: number };
}

export interface Pod extends KubernetesObject {
  readonly spec: { readonly containers: readonly { readonly image: string; readonly resources?: unknown }[] };
  readonly status: {
    readonly phase: string;
    readonly qosClass?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export async function readApplication(admin: KubernetesClient, namespace: string): Promise<Application> {
  const found = await admin.get<Application>(APPLICATIONS, { namespace, name: FDD });
  if (!found) throw new Error(`${namespace} has no Application`);
  return found;
}

export async function readDeployment(admin: KubernetesClient, namespace: string): Promise<Deployment> {
  const found = await admin.get<Deployment>(DEPLOYMENTS, { namespace, name: FDD });
  if (!found) throw new Error(`${namespace} has no Deployment`);
  return found;
}

export async function listPods(admin: KubernetesClient, namespace: string): Promise<readonly Pod[]> {
  const { items } = await admin.request<{ items: readonly Pod[] }>({
    method: 'GET',
    path: pathOf(PODS, { namespace }),
  });
  return items;
}

export async function mergeApplication(
  admin: KubernetesClient,
  namespace: string,
  body: unknown,
  fieldManager = 'kubectl-edit',
): Promise<Application> {
  return admin.request<Application>({
    method: 'PATCH',
    patchType: 'merge',
    path: pathOf(APPLICATIONS, { namespace, name: FDD }),
    query: { fieldManager },
    body,
  });
}

/** The pod of the Deployment's one active ReplicaSet, found by ownership only. */
export async function podOfDeployment(admin: KubernetesClient, namespace: string): Promise<Pod | undefined> {
  const deployment = await readDeployment(admin, namespace);
  const { items } = await admin.request<{ items: readonly ReplicaSet[] }>({
    method: 'GET',
    path: `/apis/apps/v1/namespaces/${namespace}/replicasets`,
  });
  const active = items.find((set) => isOwnedBy(set, deployment) && (set.status.readyReplicas ?? 0) > 0);
  if (!active) return undefined;
  return (await listPods(admin, namespace)).find((pod) => isOwnedBy(pod, active));
}

function isOwnedBy(object: KubernetesObject, owner: KubernetesObject): boolean {
  return (object.metadata.ownerReferences ?? []).some(({ uid }) => uid === owner.metadata.uid);
}

export function environmentOf(deployment: Deployment): Readonly<Record<string, string>> {
  const variables = deployment.spec.template.spec.containers[0]?.env ?? [];
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
