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

/** What one kind of object was asked for, and what came of it. */
export interface Reading {
  readonly resource: Resource;
  /** What was looked for, in words. */
  readonly sought: string;
  readonly items: readonly LiveObject[];
  readonly problem: string | undefined;
}

/** Objects of one kind that are shown: the newest. */
const MAX_SHOWN = 12;
const EVENTS_READ = 200;
const EVENTS_SHOWN = 30;
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Reads a namespace's objects as they are now. Only by `list`, with the selectors that the watches use: the API's account
 * has no other right. What is refused is told in its place; nothing of it makes the whole fail.
 */
export async function readObjects(
  client: KubernetesClient,
  namespace: string,
  configMap = CONFIG_MAP,
): Promise<Reading[]> {
  const named = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
  const ask = (resource: Resource, sought: string, query: Readonly<Record<string, string | number>>) =>
    list(client, namespace, resource, sought, query);
  return Promise.all([
    ask(CONFIG_MAPS, configMap, named(configMap)),
    ask(APPLICATIONS, FDD, named(FDD)),
    ask(DEPLOYMENTS, FDD, named(FDD)),
    ask(APPLICATION_STATUSES, 'of FDD', { labelSelector: `${APP_LABEL}=${FDD}` }),
    ask(PODS, 'of FDD and of its bootstrap', { labelSelector: `${APP_LABEL} in (${FDD},${BOOTSTRAP_POD})` }),
    ask(EVENTS, 'about FDD', { limit: EVENTS_READ }),
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
    // Whoever looks at the page looks again: a denial is told at once.
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
  return isForbidden ? `Skipper may not read it: ${messageOf(error)}` : messageOf(error);
}

/** Who has written which field, and the copy that kubectl keeps, are of no use to a reader. */
function withoutNoise(object: LiveObject): LiveObject {
  const { managedFields: _managedFields, annotations, ...metadata } = object.metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => key !== LAST_APPLIED);
  return {
    ...object,
    metadata: kept.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(kept) },
  };
}

/** The newest first. */
function byAge(a: LiveObject, b: LiveObject): number {
  return (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
}

/** What was read, as YAML under the names that people know. */
export function showObjects(readings: readonly Reading[]): ShownObject[] {
  return readings.flatMap((reading) => (reading.resource === EVENTS ? [showEvents(reading)] : show(reading)));
}

function show({ resource, sought, items, problem }: Reading): ShownObject[] {
  const { kind, apiVersion } = resource;
  if (problem !== undefined) return [{ kind, name: sought, yaml: '', problem }];
  if (items.length === 0) return [{ kind, name: sought, yaml: '', problem: 'there is none' }];
  return items.slice(0, MAX_SHOWN).map((item) => ({
    kind,
    name: item.metadata.name,
    // Items of a list do not say what they are.
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

/** As `kubectl get events` has them, a line each. */
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
  const none = lines.length === 0 ? 'there are none' : undefined;
  return { kind: 'Events', name: 'about FDD', yaml: lines.join('\n'), problem: problem ?? none };
}

function timeOf({ lastTimestamp, eventTime, metadata }: LiveObject & RawEvent): string {
  return lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
}
