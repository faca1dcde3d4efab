import { stringify } from 'yaml';
import { APP_LABEL, BOOTSTRAP_POD, CONFIG_MAP, FDD } from '../../domain/cluster/names.ts';
import { messageOf, SkipperError } from '../../domain/errors.ts';
import type { ShownObject } from '../../domain/explain/namespace-details.ts';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import {
  APPLICATION_STATUSES,
  APPLICATIONS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  EVENTS,
  PODS,
  pathOf,
  type Resource,
} from '../../shared/kubernetes/resources.ts';

/** An object as the API server has it. */
export interface LiveObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: unknown;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** The query for one kind of object, and its result. */
export interface Reading {
  readonly resource: Resource;
  /** The query in words. */
  readonly sought: string;
  readonly items: readonly LiveObject[];
  readonly problem: string | undefined;
}

/** Only the newest objects of a kind are shown. */
const MAX_SHOWN = 12;
const EVENTS_READ = 200;
const EVENTS_SHOWN = 30;
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Reads a namespace's current objects. Only by `list`, with the selectors that the watches use: the API's service account
 * has no other permission. A refused query is reported in its place and does not fail the others.
 */
export async function readObjects(
  client: KubernetesClient,
  namespace: string,
  configMap = CONFIG_MAP,
): Promise<Reading[]> {
  const named = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
  const read = (resource: Resource, sought: string, query: Readonly<Record<string, string | number>>) =>
    list(client, namespace, resource, sought, query);
  return Promise.all([
    read(CONFIG_MAPS, configMap, named(configMap)),
    read(APPLICATIONS, FDD, named(FDD)),
    read(DEPLOYMENTS, FDD, named(FDD)),
    read(APPLICATION_STATUSES, 'of FDD', { labelSelector: `${APP_LABEL}=${FDD}` }),
    read(PODS, 'of FDD and of its bootstrap', { labelSelector: `${APP_LABEL} in (${FDD},${BOOTSTRAP_POD})` }),
    read(EVENTS, 'about FDD', { limit: EVENTS_READ }),
  ]);
}

async function list(
  client: KubernetesClient,
  namespace: string,
  resource: Resource,
  sought: string,
  query: Readonly<Record<string, string | number>>,
): Promise<Reading> {
  try {
    const path = pathOf(resource, { namespace });
    // Users can refresh the page: a denial is reported without a retry.
    const answer = await client.request<{ items: readonly LiveObject[] }>({
      method: 'GET',
      path,
      query,
      retryForbidden: false,
    });
    const items = answer.items.map(withoutNoise).sort(byAge);
    return { resource, sought, items, problem: undefined };
  } catch (error) {
    return { resource, sought, items: [], problem: refusal(error) };
  }
}

function refusal(error: unknown): string {
  const isForbidden = error instanceof SkipperError && error.code === 'forbidden';
  return isForbidden ? `Skipper is not allowed to read it: ${messageOf(error)}` : messageOf(error);
}

/** Removes managedFields and kubectl's last-applied copy, which are of no use to a reader. */
function withoutNoise(object: LiveObject): LiveObject {
  const { managedFields: _managedFields, annotations, ...metadata } = object.metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => key !== LAST_APPLIED);
  return {
    ...object,
    metadata: kept.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(kept) },
  };
}

/** Newest first. */
function byAge(a: LiveObject, b: LiveObject): number {
  return (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
}

/** The objects as YAML, under their kind and name. */
export function showObjects(readings: readonly Reading[]): ShownObject[] {
  return readings.flatMap((reading) => (reading.resource === EVENTS ? [showEvents(reading)] : show(reading)));
}

function show({ resource, sought, items, problem }: Reading): ShownObject[] {
  const { kind, apiVersion } = resource;
  if (problem !== undefined) return [{ kind, name: sought, yaml: '', problem }];
  if (items.length === 0) return [{ kind, name: sought, yaml: '', problem: 'not found' }];
  return items.slice(0, MAX_SHOWN).map((item) => ({
    kind,
    name: item.metadata.name,
    // Items of a list have no apiVersion and kind.
    yaml: stringify({ apiVersion, kind, ...item }, { lineWidth: 0 }),
  }));
}

interface RawEvent {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
}

/** One line per event, like `kubectl get events`. */
function showEvents({ items, problem }: Reading): ShownObject {
  const events = items
    .map((item) => item as LiveObject & RawEvent)
    .filter(({ involvedObject }) => involvedObject?.name?.startsWith(FDD))
    .sort((a, b) => timeOf(b).localeCompare(timeOf(a)))
    .slice(0, EVENTS_SHOWN);
  const lines = events.map(
    (event) =>
      `${timeOf(event)}  ${event.type ?? ''}  ${event.reason ?? ''}  ${event.involvedObject?.kind ?? ''}/${event.involvedObject?.name ?? ''}  ${event.message ?? ''}${(event.count ?? 1) > 1 ? ` (${event.count} times)` : ''}`,
  );
  const none = lines.length === 0 ? 'none found' : undefined;
  return { kind: 'Events', name: 'about FDD', yaml: lines.join('\n'), problem: problem ?? none };
}

function timeOf({ lastTimestamp, eventTime, metadata }: LiveObject & RawEvent): string {
  return lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
}
