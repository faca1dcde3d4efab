import { randomUUID } from 'node:crypto';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { APPLICATIONS, DEPLOYMENTS } from '../../shared/kubernetes/resources.ts';
import type { ConfigurationReader } from './fdd-configuration.ts';
import { fddDeployment } from './fdd-manifests.ts';
import { BOOTSTRAP_LABEL, DEPLOYMENT_ID_LABEL, FDD, imageVersion } from './fdd-names.ts';
import type { Feed } from './feed.ts';
import type { Application, Deployment } from './kubernetes-objects.ts';
import { PUBLISHED_CONFIG } from './published-config.ts';
import type { StatusBook } from './status-book.ts';

export interface InstallFddOptions {
  readonly image: string;
  /** The Application's config; what the release channels have published since 2019, if left out. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly deploymentId?: string;
}

interface InstallerContext {
  readonly client: KubernetesClient;
  readonly statusBook: StatusBook;
  readonly deployments: Feed<Deployment>;
  readonly readConfiguration: ConfigurationReader;
}

/** Leaves a namespace as a finished deploy would have: Application, SUCCESS, Deployment, an available pod. */
export function createFddInstaller(context: InstallerContext) {
  const { client, statusBook } = context;
  const waitForAvailable = createWaiter(context.deployments);
  return async (namespace: string, options: InstallFddOptions): Promise<void> => {
    const deploymentId = options.deploymentId ?? randomUUID();
    const body = fddApplication(namespace, deploymentId, options);
    const application = await client.create<Application>(APPLICATIONS, namespace, body);
    // Before the Deployment: its FDD is to find that there is nothing to do.
    await statusBook.save({
      application,
      deploymentId,
      result: 'SUCCESS',
      logs: ['installed by the simulator'],
    });
    const configuration = await context.readConfiguration(namespace);
    const deployedBy = imageVersion(options.image);
    const available = waitForAvailable(namespace);
    await client.create(
      DEPLOYMENTS,
      namespace,
      fddDeployment({ application, deploymentId, deployedBy, configuration }),
    );
    await available;
  };
}

function fddApplication(
  namespace: string,
  deploymentId: string,
  { image, config = PUBLISHED_CONFIG }: InstallFddOptions,
): Record<string, unknown> {
  return {
    apiVersion: APPLICATIONS.apiVersion,
    kind: APPLICATIONS.kind,
    metadata: {
      name: FDD,
      namespace,
      finalizers: [],
      ownerReferences: [],
      labels: {
        app: FDD,
        heritage: 'FIAAS-Skipper',
        [BOOTSTRAP_LABEL]: 'true',
        [DEPLOYMENT_ID_LABEL]: deploymentId,
      },
    },
    spec: { application: FDD, image, config },
  };
}

function createWaiter(deployments: Feed<Deployment>): (namespace: string) => Promise<void> {
  const waiting = new Map<string, () => void>();
  deployments.listen({
    onUpsert: ({ metadata, status }) => {
      if (metadata.name !== FDD || (status?.availableReplicas ?? 0) === 0) return;
      waiting.get(metadata.namespace)?.();
      waiting.delete(metadata.namespace);
    },
    onDelete: () => undefined,
  });
  return (namespace) =>
    new Promise((resolve) => {
      waiting.set(namespace, resolve);
    });
}
