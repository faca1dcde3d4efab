import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import {
  APPLICATION_STATUSES,
  APPLICATIONS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  PODS,
} from '../../shared/kubernetes/resources.ts';
import { openApplicationBoard } from './application-board.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import { DEFAULT_DELAYS, type Delays, INSTANT_DELAYS } from './delays.ts';
import { startDeploymentController } from './deployment-controller.ts';
import { configurationFromFeed, configurationFromServer } from './fdd-configuration.ts';
import { FDD } from './fdd-names.ts';
import { fddRuntime } from './fdd-program.ts';
import { createFeed } from './feed.ts';
import { createFddInstaller, type InstallFddOptions } from './install-fdd.ts';
import { startInstantFdds } from './instant-fdds.ts';
import { startKubelet } from './kubelet.ts';
import type { Application, ApplicationStatus, ConfigMap, Deployment, Pod } from './kubernetes-objects.ts';
import { createMisbehaviour, type Misbehaviour } from './misbehaviour.ts';
import { patientClient } from './patient-client.ts';
import { openStatusBook } from './status-book.ts';

export interface SimulatedFddsOptions {
  /**
   * An admin client of any Kubernetes API server. All FDDs, the kubelet and the controller share it, on a real cluster
   * too: what the RBAC of a single FDD would forbid is not forbidden here.
   */
  readonly client: KubernetesClient;
  readonly log: Logger;
  /** True on a cluster that turns Deployments into pods itself. */
  readonly hasControllerManager: boolean;
  /** The namespaces to live in; no object of any other is touched. */
  readonly ownsNamespace: (namespace: string) => boolean;
  readonly misbehaviour?: Misbehaviour;
  readonly delays?: Partial<Delays>;
  /**
   * `faithful` (the default): FDDs are programs in pods, with every write and restart of the real ones. `instant`: for
   * measuring others at 10,000 namespaces; FDDs have no pods and report SUCCESS alone (see `startInstantFdds`).
   */
  readonly profile?: 'faithful' | 'instant';
  readonly nodeName?: string;
  /** The kubelet serves logs over plain HTTP, and its node says so: for the simulator's own API server. */
  readonly insecureKubelet?: boolean;
  /** Runs the containers instead of the simulated programs: real processes, for instance. */
  readonly runtime?: ContainerRuntime;
}

export interface SimulatedFdds {
  readonly misbehaviour: Misbehaviour;
  /** Puts a healthy FDD of some version into a namespace that exists; resolves when it is available. */
  installFdd(namespace: string, options: InstallFddOptions): Promise<void>;
  stop(): Promise<void>;
}

/** Starts simulated FDDs for any number of namespaces: one node, one watch for each kind of object. */
export async function startSimulatedFdds(options: SimulatedFddsOptions): Promise<SimulatedFdds> {
  const { log, ownsNamespace } = options;
  const stopping = new AbortController();
  // Each FDD that hangs listens.
  setMaxListeners(0, stopping.signal);
  const client = patientClient(options.client, stopping.signal);
  const isInstant = options.profile === 'instant';
  if (isInstant && options.hasControllerManager) {
    throw new Error('instant FDDs write the status of Deployments: a controller-manager would object');
  }
  const delays = { ...(isInstant ? INSTANT_DELAYS : DEFAULT_DELAYS), ...options.delays };
  const misbehaviour = options.misbehaviour ?? createMisbehaviour();
  const nodeName = options.nodeName ?? 'simulated-node';
  const watching = { client: options.client, log };
  const pods = createFeed<Pod>({ ...watching, resource: PODS });
  const deployments = createFeed<Deployment>({ ...watching, resource: DEPLOYMENTS });
  const applicationFeed = createFeed<Application>({ ...watching, resource: APPLICATIONS });
  const statuses = createFeed<ApplicationStatus>({ ...watching, resource: APPLICATION_STATUSES });

  const statusBook = openStatusBook({ client, ownsNamespace, statuses });
  const applications = openApplicationBoard(applicationFeed, ownsNamespace);
  const configMaps = createFeed<ConfigMap>({
    ...watching,
    resource: CONFIG_MAPS,
    fieldSelector: `metadata.name=${FDD}`,
  });
  const fromServer = configurationFromServer(client);
  const readConfiguration = isInstant ? configurationFromFeed(configMaps, fromServer) : fromServer;
  const context = { client, misbehaviour, delays, statusBook, applications, readConfiguration };
  const runtime = options.runtime ?? fddRuntime(context);
  const installFdd = createFddInstaller({ client, statusBook, deployments, readConfiguration });
  const base = { client, log, ownsNamespace, delays, pods, nodeName };
  const insecureLogs = options.insecureKubelet ?? false;
  const kubelet = await startKubelet({ ...base, runtime, insecureLogs });
  if (isInstant)
    startInstantFdds({ ...base, ...context, deployments, applicationFeed, signal: stopping.signal });
  const controller =
    options.hasControllerManager || isInstant
      ? undefined
      : startDeploymentController({ ...base, runtime, deployments });
  // The pods last: a program that starts finds its Application and what was reported before.
  await Promise.all([applicationFeed.start(), statuses.start(), deployments.start()]);
  if (isInstant) await configMaps.start();
  await pods.start();

  return {
    misbehaviour,
    installFdd,
    stop: async () => {
      stopping.abort();
      await controller?.stop();
      await kubelet.stop();
      await Promise.all(
        [pods, deployments, applicationFeed, statuses, configMaps].map((feed) => feed.stop()),
      );
    },
  };
}
