import { keptSuccess } from '../../domain/cluster/kept-success.ts';
import { APP_LABEL, BOOTSTRAP_POD, CONFIG_MAP, FDD } from '../../domain/cluster/names.ts';
import { parseNamespaceConfig } from '../../domain/cluster/namespace-config.ts';
import type { ObservedApplication } from '../../domain/cluster/observed.ts';
import type { NamespaceEntry } from './namespace-entries.ts';
import { APPLICATION_STATUSES, APPLICATIONS, CONFIG_MAPS, DEPLOYMENTS, PODS } from './resources.ts';
import {
  type RawApplication,
  type RawApplicationStatus,
  type RawConfigMap,
  type RawDeployment,
  type RawPod,
  toObservedApplication,
  toObservedDeployment,
  toObservedPod,
  toObservedStatus,
} from './to-observed.ts';
import type { WatchedObject, WatchOptions } from './watch.ts';

/** A watched kind of object, and where its objects are stored. */
export interface WatchedKind<Raw extends WatchedObject>
  extends Pick<WatchOptions<Raw>, 'resource' | 'labelSelector' | 'fieldSelector'> {
  readonly name: string;
  /** Stores an object in its namespace's entry; undefined means that it was deleted. */
  readonly put: (entry: NamespaceEntry, name: string, raw: Raw | undefined) => void;
}

export const CONFIG_MAPS_BY_NAME: WatchedKind<RawConfigMap> = {
  name: 'configmaps by name',
  resource: CONFIG_MAPS,
  fieldSelector: `metadata.name=${CONFIG_MAP}`,
  put: (entry, _name, raw) => {
    entry.namedConfig = raw && parseNamespaceConfig(raw);
  },
};

export const CONFIG_MAPS_BY_LABEL: WatchedKind<RawConfigMap> = {
  name: 'configmaps by label',
  resource: CONFIG_MAPS,
  labelSelector: `${APP_LABEL}=${FDD}`,
  put: (entry, name, raw) => setOrDelete(entry.labelledConfigs, name, raw && parseNamespaceConfig(raw)),
};

export const FDD_APPLICATIONS: WatchedKind<RawApplication> = {
  name: 'applications',
  resource: APPLICATIONS,
  fieldSelector: `metadata.name=${FDD}`,
  put: (entry, _name, raw) => {
    entry.application = raw && withKeptSuccess(toObservedApplication(raw), entry.application);
  },
};

export const FDD_DEPLOYMENTS: WatchedKind<RawDeployment> = {
  name: 'deployments',
  resource: DEPLOYMENTS,
  fieldSelector: `metadata.name=${FDD}`,
  put: (entry, _name, raw) => {
    entry.deployment = raw && toObservedDeployment(raw);
  },
};

export const FDD_STATUSES: WatchedKind<RawApplicationStatus> = {
  name: 'application-statuses',
  resource: APPLICATION_STATUSES,
  labelSelector: `${APP_LABEL}=${FDD}`,
  put: (entry, name, raw) => {
    const status = raw && toObservedStatus(raw);
    const succeededAt = status && keptSuccess(status, entry.statuses.get(name));
    setOrDelete(entry.statuses, name, status && { ...status, succeededAt });
  },
};

export const FDD_PODS: WatchedKind<RawPod> = {
  name: 'pods',
  resource: PODS,
  labelSelector: `${APP_LABEL} in (${FDD},${BOOTSTRAP_POD})`,
  put: (entry, name, raw) => setOrDelete(entry.pods, name, raw && toObservedPod(raw)),
};

function withKeptSuccess(
  application: ObservedApplication,
  before: ObservedApplication | undefined,
): ObservedApplication {
  if (!application.status || !before?.status) return application;
  const { resourceVersion } = before;
  const succeededAt = keptSuccess(application.status, { ...before.status, resourceVersion });
  return { ...application, status: { ...application.status, succeededAt } };
}

function setOrDelete<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
