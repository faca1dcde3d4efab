/** FDDs that react immediately, in a separate process: used by both the floor and Skipper. */

import pMap from 'p-map';
import { pino } from 'pino';
import { createKubernetesClient } from '../shared/kubernetes/client.ts';
import { loadKubeConfig } from '../shared/kubernetes/load-kube-config.ts';
import { CONFIG_MAPS, NAMESPACES } from '../shared/kubernetes/resources.ts';
import { createMisbehaviour, type Fault, type Misbehaviour } from '../simulator/fdd/misbehaviour.ts';
import { startSimulatedFdds } from '../simulator/fdd/start-simulated-fdds.ts';
import { benchNames } from './bench-names.ts';

const [kubeconfig = '', count = '0', image = '', bare = '0'] = process.argv.slice(2);
const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
const client = createKubernetesClient(loadKubeConfig({ kubeconfig }), {
  userAgent: 'bench-fdd',
  fieldManager: 'bench-fdd',
});
/** Namespaces whose FDDs do not react until the next message. All change at once: each change costs a read of each FDD. */
let hung: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();
const misbehaviour: Misbehaviour = {
  ...createMisbehaviour(),
  find: (kind, { namespace }) =>
    kind === 'hang' && hung.has(namespace) ? ({ kind } as Extract<Fault, { kind: typeof kind }>) : undefined,
  onChange: (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};
const fdds = await startSimulatedFdds({
  client,
  log,
  hasControllerManager: false,
  ownsNamespace: (namespace) => namespace.startsWith('bench-'),
  profile: 'instant',
  misbehaviour,
});

const namespaces = benchNames(Number(count));
await pMap(namespaces, addNamespace, { concurrency: 48 });
process.send?.('ready');

process.on('message', (namespacesThatHang: string[]) => {
  hung = new Set(namespacesThatHang);
  for (const listener of listeners) listener();
  process.send?.('ready');
});

async function addNamespace(namespace: string, index: number): Promise<void> {
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
  // The first ones get no FDD: they are bootstrapped.
  if (index >= Number(bare)) await fdds.installFdd(namespace, { image });
}
