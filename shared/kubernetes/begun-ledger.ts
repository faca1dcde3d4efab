import type { Unbegun } from '../../domain/heal/unbegun.ts';
import { addId, hasId, type IdSet, newIdSet, removeId } from './id-set.ts';

export interface SeenApplication {
  readonly namespace: string;
  readonly name: string;
  /** Undefined if FDD is not to deploy it. */
  readonly deploymentId: string | undefined;
  /** When the id was written, in milliseconds since the epoch. */
  readonly writtenAt: number;
}

export interface SeenStatus {
  readonly namespace: string;
  readonly deploymentId: string;
  readonly createdAt: number;
}

/**
 * Which deployment ids of Applications have an ApplicationStatus. In memory are the hash of each status' id, and the
 * Applications that wait for one: few, unless an FDD is deaf. Without a clock and without I/O.
 */
export interface BegunLedger {
  putApplication(application: SeenApplication): void;
  removeApplication(namespace: string, name: string): void;
  putStatus(status: SeenStatus): void;
  removeStatus(namespace: string, deploymentId: string): void;
  /** A list of all Applications begins, and is complete: what it lacks is gone. */
  listingApplications(): void;
  listedApplications(): void;
  listingStatuses(): void;
  listedStatuses(): void;
  /**
   * The Application of a namespace that has waited longest. One whose id is older than the newest status does not count: FDD
   * has begun something since, so it hears. Its status was deleted, or FDD has a reason not to deploy it.
   */
  unbegunIn(namespace: string): Unbegun | undefined;
}

interface Waiting {
  readonly deploymentId: string;
  readonly since: number;
}

interface Statuses {
  readonly ids: IdSet;
  newestAt: number;
}

export function createBegunLedger(): BegunLedger {
  let statuses = new Map<string, Statuses>();
  const waiting = new Map<string, Map<string, Waiting>>();
  // The lists that are being read.
  let listedStatuses: Map<string, Statuses> | undefined;
  let listedWaiting: Set<string> | undefined;

  function removeApplication(namespace: string, name: string): void {
    const waits = waiting.get(namespace);
    waits?.delete(name);
    if (waits?.size === 0) waiting.delete(namespace);
  }

  function endWait(namespace: string, deploymentId: string): void {
    for (const [name, wait] of waiting.get(namespace) ?? []) {
      if (wait.deploymentId === deploymentId) removeApplication(namespace, name);
    }
  }

  return {
    removeApplication,
    putApplication: ({ namespace, name, deploymentId, writtenAt }) => {
      const isBegun = [statuses, listedStatuses].some((known) => hasStatus(known, namespace, deploymentId));
      if (deploymentId === undefined || isBegun) {
        removeApplication(namespace, name);
        return;
      }
      const waits = waiting.get(namespace) ?? new Map<string, Waiting>();
      const known = waits.get(name);
      listedWaiting?.add(`${namespace}/${name}`);
      waits.set(name, known?.deploymentId === deploymentId ? known : { deploymentId, since: writtenAt });
      waiting.set(namespace, waits);
    },
    putStatus: (status) => {
      putInto(listedStatuses ?? statuses, status);
      endWait(status.namespace, status.deploymentId);
    },
    removeStatus: (namespace, deploymentId) => {
      const known = statuses.get(namespace);
      if (known) removeId(known.ids, deploymentId);
    },
    listingApplications: () => {
      listedWaiting = new Set();
    },
    listedApplications: () => {
      for (const [namespace, waits] of waiting) {
        for (const name of waits.keys()) {
          if (!listedWaiting?.has(`${namespace}/${name}`)) removeApplication(namespace, name);
        }
      }
      listedWaiting = undefined;
    },
    listingStatuses: () => {
      listedStatuses = new Map();
    },
    listedStatuses: () => {
      // A status that was deleted in between still shows that FDD heard at that time.
      for (const [namespace, now] of listedStatuses ?? []) {
        now.newestAt = Math.max(now.newestAt, statuses.get(namespace)?.newestAt ?? 0);
      }
      statuses = listedStatuses ?? statuses;
      listedStatuses = undefined;
    },
    unbegunIn: (namespace) => oldestOf(waiting.get(namespace), statuses.get(namespace)?.newestAt ?? 0),
  };
}

function hasStatus(
  statuses: ReadonlyMap<string, Statuses> | undefined,
  namespace: string,
  deploymentId: string | undefined,
): boolean {
  const known = statuses?.get(namespace);
  return deploymentId !== undefined && known !== undefined && hasId(known.ids, deploymentId);
}

function putInto(statuses: Map<string, Statuses>, { namespace, deploymentId, createdAt }: SeenStatus): void {
  const known = statuses.get(namespace) ?? { ids: newIdSet(), newestAt: 0 };
  addId(known.ids, deploymentId);
  known.newestAt = Math.max(known.newestAt, createdAt);
  statuses.set(namespace, known);
}

function oldestOf(waits: ReadonlyMap<string, Waiting> | undefined, heardAt: number): Unbegun | undefined {
  const unheard = [...(waits ?? [])].filter(([, { since }]) => since >= heardAt);
  const [oldest] = unheard.toSorted(([, a], [, b]) => a.since - b.since);
  if (!oldest) return undefined;
  const [application, wait] = oldest;
  return { application, ...wait, count: unheard.length };
}
