import { BOOTSTRAP_POD } from '../../domain/cluster/names.ts';
import type { NamespaceConfig } from '../../domain/cluster/namespace-config.ts';
import type {
  NamespaceSnapshot,
  ObservedApplication,
  ObservedDeployment,
  ObservedPod,
  ObservedStatus,
} from '../../domain/cluster/observed.ts';
import type { Result } from '../../domain/release/result.ts';

/** FDD's objects in one namespace, as last seen by the watches. */
export interface NamespaceEntry {
  namedConfig: Result<NamespaceConfig> | undefined;
  readonly labelledConfigs: Map<string, Result<NamespaceConfig>>;
  application: ObservedApplication | undefined;
  deployment: ObservedDeployment | undefined;
  readonly statuses: Map<string, ObservedStatus>;
  readonly pods: Map<string, ObservedPod>;
}

/** The objects last seen by the watches, by namespace. */
export interface NamespaceEntries {
  /** Changes the entry of a namespace; an entry without objects is deleted. */
  update(namespace: string, change: (entry: NamespaceEntry) => void): void;
  snapshot(namespace: string): NamespaceSnapshot;
  /** The names of all FIAAS namespaces: those with FDD's ConfigMap. */
  namespaces(): string[];
}

export function createNamespaceEntries(): NamespaceEntries {
  const entries = new Map<string, NamespaceEntry>();
  return {
    update: (namespace, change) => {
      const entry = entries.get(namespace) ?? emptyEntry();
      change(entry);
      if (isEmpty(entry)) entries.delete(namespace);
      else entries.set(namespace, entry);
    },
    snapshot: (namespace) => snapshotOf(namespace, entries.get(namespace)),
    namespaces: () =>
      [...entries]
        .filter(([, entry]) => configOf(entry))
        .map(([namespace]) => namespace)
        .sort(),
  };
}

function emptyEntry(): NamespaceEntry {
  return {
    namedConfig: undefined,
    labelledConfigs: new Map(),
    application: undefined,
    deployment: undefined,
    statuses: new Map(),
    pods: new Map(),
  };
}

function isEmpty({
  namedConfig,
  application,
  deployment,
  labelledConfigs,
  statuses,
  pods,
}: NamespaceEntry): boolean {
  const isBare = namedConfig === undefined && application === undefined && deployment === undefined;
  return isBare && labelledConfigs.size + statuses.size + pods.size === 0;
}

/** The ConfigMap with FDD's name takes precedence; among those that only have the label, the first by name. */
function configOf(entry: NamespaceEntry): Result<NamespaceConfig> | undefined {
  if (entry.namedConfig) return entry.namedConfig;
  const [first] = [...entry.labelledConfigs.keys()].sort();
  return first === undefined ? undefined : entry.labelledConfigs.get(first);
}

function snapshotOf(namespace: string, entry: NamespaceEntry = emptyEntry()): NamespaceSnapshot {
  const pods = [...entry.pods.values()];
  return {
    namespace,
    config: configOf(entry),
    application: entry.application,
    deployment: entry.deployment,
    statuses: [...entry.statuses.values()],
    pods: pods.filter((pod) => pod.name !== BOOTSTRAP_POD),
    bootstrapPod: pods.find((pod) => pod.name === BOOTSTRAP_POD),
  };
}
