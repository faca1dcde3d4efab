import pMap from 'p-map';
import { pino } from 'pino';
import { createKubernetesClient } from '../shared/kubernetes/client.ts';
import { loadKubeConfig } from '../shared/kubernetes/load-kube-config.ts';
import { CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS } from '../shared/kubernetes/resources.ts';
import type { Fault, FaultKind, Misbehaviour } from '../simulator/fdd/misbehaviour.ts';
import { startSimulatedFdds } from '../simulator/fdd/start-simulated-fdds.ts';
import { benchNames } from './bench-names.ts';

export interface BenchFddsOptions {
  readonly kubeconfig: string;
  /** How many to create. */
  readonly namespaces: number;
  readonly image: string;
  /** The first ones get no FDD: they are bootstrapped. */
  readonly bare: number;
}

/** What is left out stays as it is. */
export interface FddBehaviour {
  /** Namespaces whose FDDs do not react. All change at once: each change costs a read of each FDD. */
  readonly hung?: readonly string[];
  /** How long each FDD takes from its new Deployment until that is rolled out. */
  readonly delayMs?: number;
}

export interface BenchFdds {
  behave(behaviour: FddBehaviour): void;
  stop(): Promise<void>;
}

/** Creates the namespaces of the bench, with FDDs that react immediately until they are made to hang or to be slow. */
export async function startBenchFdds({
  kubeconfig,
  namespaces,
  image,
  bare,
}: BenchFddsOptions): Promise<BenchFdds> {
  const client = createKubernetesClient(loadKubeConfig({ kubeconfig }), {
    userAgent: 'bench-fdd',
    fieldManager: 'bench-fdd',
  });
  const { misbehaviour, behave } = createBehaviour();
  const fdds = await startSimulatedFdds({
    client,
    log: pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })),
    hasControllerManager: false,
    ownsNamespace: (namespace) => namespace.startsWith('bench-'),
    profile: 'instant',
    misbehaviour,
  });
  const add = async (namespace: string, index: number) => {
    await client.create(NAMESPACES, undefined, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    await client.create(CONFIG_MAPS, namespace, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'fiaas-deploy-daemon' },
      data: { tag: 'stable', 'cluster_config.yaml': 'log-format: json\nenvironment: bench\n' },
    });
    // A controller would create it; a bootstrap pod is not accepted without one.
    if (index < bare) await client.create(SERVICE_ACCOUNTS, namespace, defaultAccount());
    if (index >= bare) await fdds.installFdd(namespace, { image });
  };
  await pMap(benchNames(namespaces), add, { concurrency: 48 });
  return {
    behave,
    stop: async () => {
      await fdds.stop();
      await client.close();
    },
  };
}

function defaultAccount() {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
}

function createBehaviour(): { readonly misbehaviour: Misbehaviour; behave(behaviour: FddBehaviour): void } {
  let hung: ReadonlySet<string> = new Set();
  let delayMs = 0;
  const listeners = new Set<() => void>();
  const faultOf = (kind: FaultKind, namespace: string): Fault | undefined => {
    if (kind === 'hang' && hung.has(namespace)) return { kind };
    return kind === 'slow-start' && delayMs > 0 ? { kind, ms: delayMs } : undefined;
  };
  return {
    misbehaviour: {
      set: () => undefined,
      clear: () => undefined,
      find: (kind, { namespace }) => faultOf(kind, namespace) as Extract<Fault, { kind: typeof kind }>,
      onChange: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    behave: (behaviour) => {
      delayMs = behaviour.delayMs ?? delayMs;
      if (behaviour.hung === undefined) return;
      hung = new Set(behaviour.hung);
      for (const listener of [...listeners]) listener();
    },
  };
}
