import type { Logger } from 'pino';
import { DEPLOYMENT_ID_LABEL, FDD } from '../../domain/cluster/names.ts';
import type { Unbegun } from '../../domain/heal/unbegun.ts';
import { type BegunLedger, createBegunLedger } from './begun-ledger.ts';
import type { KubernetesClient } from './client.ts';
import { type ManagedFields, timeOf } from './field-owners.ts';
import { APPLICATION_STATUSES, APPLICATIONS } from './resources.ts';
import { startWatch, type Watch, type WatchedObject } from './watch.ts';
import type { WatchState } from './watch-books.ts';

/** Which deployments of all Applications in all namespaces FDD has begun, by two watches of metadata only. */
export interface BegunWatch {
  /** A deployment of the namespace that FDD has not begun; undefined if it has begun all, or that is not known. */
  unbegunIn(namespace: string): Unbegun | undefined;
  /** Both watches have read everything, and are in order. */
  isKnown(): boolean;
  /** Why it is not, for people. */
  problems(): string[];
  /** Resolves when both have read everything. */
  synced(): Promise<void>;
  stop(): Promise<void>;
}

export interface BegunWatchOptions {
  readonly client: KubernetesClient;
  readonly log: Logger;
  readonly pageSize?: number;
}

/** The metadata of an Application or an ApplicationStatus. */
interface PartialObject extends WatchedObject {
  readonly metadata: WatchedObject['metadata'] & {
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly managedFields?: ManagedFields;
  };
}

/** The Applications are read after the statuses: only those without a status take memory. */
export function watchBegun(options: BegunWatchOptions): BegunWatch {
  const ledger = createBegunLedger();
  const statuses = watchStatuses(options, ledger);
  let applications: Watch | undefined;
  let isStopped = false;
  const started = statuses.synced().then(() => {
    if (!isStopped) applications = watchApplications(options, ledger);
  });
  const isKnown = () => [statuses, applications].every((watch) => watch && isInOrder(watch.state()));
  return {
    isKnown,
    problems: () => [statuses, applications].flatMap((watch) => (watch ? problemOf(watch) : [])),
    unbegunIn: (namespace) => (isKnown() ? ledger.unbegunIn(namespace) : undefined),
    synced: async () => {
      await started;
      await applications?.synced();
    },
    stop: async () => {
      isStopped = true;
      await Promise.all([statuses.stop(), applications?.stop()]);
    },
  };
}

/** A watch breaks for moments, when the server restarts; then nothing is missed. */
const BROKEN_MS = 30_000;
/** Longer than a watch can be silent before it counts as broken. */
const SILENT_MS = 130_000;

function isInOrder({ synced, refused, trouble, lastHeardAt }: WatchState): boolean {
  const now = Date.now();
  if (refused) return false;
  return synced && now - lastHeardAt < SILENT_MS && (!trouble || now - trouble.since < BROKEN_MS);
}

function problemOf({ resource, state }: Watch): string[] {
  const { trouble, problem } = state();
  const reason = trouble?.reason ?? problem;
  return reason === undefined ? [] : [`watch of the metadata of all ${resource.plural}: ${reason}`];
}

function watchStatuses(options: BegunWatchOptions, ledger: BegunLedger): Watch {
  return startWatch<PartialObject>({
    ...options,
    resource: APPLICATION_STATUSES,
    metadataOnly: true,
    keepsKeys: false,
    onListing: ledger.listingStatuses,
    onListed: ledger.listedStatuses,
    onUpsert: ({ metadata: { namespace = '', labels, creationTimestamp = '' } }) => {
      const deploymentId = labels?.[DEPLOYMENT_ID_LABEL];
      const createdAt = Date.parse(creationTimestamp) || 0;
      if (deploymentId !== undefined) ledger.putStatus({ namespace, deploymentId, createdAt });
    },
    onDelete: (_key, last) => {
      const { namespace = '', labels } = last?.metadata ?? {};
      const deploymentId = labels?.[DEPLOYMENT_ID_LABEL];
      if (deploymentId !== undefined) ledger.removeStatus(namespace, deploymentId);
    },
  });
}

function watchApplications(options: BegunWatchOptions, ledger: BegunLedger): Watch {
  return startWatch<PartialObject>({
    ...options,
    resource: APPLICATIONS,
    metadataOnly: true,
    keepsKeys: false,
    onListing: ledger.listingApplications,
    onListed: ledger.listedApplications,
    onUpsert: ({ metadata }) => {
      const { namespace = '', name, deletionTimestamp, labels, managedFields } = metadata;
      // The rule `unreported` looks at FDD's own.
      if (name === FDD) return;
      const deploymentId = deletionTimestamp === undefined ? labels?.[DEPLOYMENT_ID_LABEL] : undefined;
      const writtenAt = timeOf(managedFields, 'metadata', 'labels', DEPLOYMENT_ID_LABEL) ?? Date.now();
      ledger.putApplication({ namespace, name, deploymentId, writtenAt });
    },
    onDelete: (key) => {
      const [namespace = '', name = ''] = key.split('/');
      ledger.removeApplication(namespace, name);
    },
  });
}
