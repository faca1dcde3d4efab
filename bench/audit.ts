import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { until } from './until.ts';

/** As Skipper's client names itself. */
const SKIPPER = 'fiaas-skipper';
const WRITES = ['create', 'patch', 'update'];

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly userAgent?: string;
  readonly requestReceivedTimestamp: string;
  readonly responseStatus?: { readonly code: number };
  readonly objectRef?: {
    readonly namespace?: string;
    readonly resource?: string;
    readonly subresource?: string;
  };
}

export interface RequestCounts {
  /** Requests about one namespace, by namespace. */
  readonly byNamespace: ReadonlyMap<string, number>;
  /** `patch applications` → how many */
  readonly byKind: ReadonlyMap<string, number>;
}

export async function auditPosition(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** Counts Skipper's requests about single namespaces since a position of the API server's audit log. */
export async function countRequests(path: string, since: number): Promise<RequestCounts> {
  const byNamespace = new Map<string, number>();
  const byKind = new Map<string, number>();
  for await (const { namespace, verb, objectRef } of skipperRequests(path, since)) {
    count(byNamespace, namespace);
    const { resource = '', subresource } = objectRef ?? {};
    count(byKind, `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`);
  }
  return { byNamespace, byKind };
}

export async function countWhile(auditLogPath: string, work: () => Promise<unknown>): Promise<RequestCounts> {
  const since = await auditPosition(auditLogPath);
  await work();
  return countRequests(auditLogPath, since);
}

export function totalOf(counts: RequestCounts): number {
  return [...counts.byNamespace.values()].reduce((sum, count) => sum + count, 0);
}

export interface Write {
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly code: number | undefined;
}

/** Skipper's writes of Applications since a position, by namespace; also those that were refused or cut off. */
export async function readWrites(path: string, since: number): Promise<ReadonlyMap<string, Write[]>> {
  const writes = new Map<string, Write[]>();
  for await (const { namespace, verb, objectRef, ...event } of skipperRequests(path, since)) {
    if (objectRef?.resource !== 'applications' || !WRITES.includes(verb)) continue;
    const write = { at: Date.parse(event.requestReceivedTimestamp), code: event.responseStatus?.code };
    writes.set(namespace, [...(writes.get(namespace) ?? []), write]);
  }
  return writes;
}

/** When Skipper first wrote an Application after a position; waits until it has. */
export async function firstWrite(path: string, since: number): Promise<number> {
  let times: number[] = [];
  await until(async () => {
    times = [...(await readWrites(path, since)).values()].flat().map(({ at }) => at);
    return times.length > 0;
  }, 50);
  return Math.min(...times);
}

async function* skipperRequests(path: string, since: number) {
  for await (const line of createInterface({ input: createReadStream(path, { start: since }) })) {
    const event = parse(line);
    const namespace = event?.objectRef?.namespace;
    if (!event || !namespace || event.stage !== 'ResponseComplete' || event.userAgent !== SKIPPER) continue;
    yield { ...event, namespace };
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function parse(line: string): AuditEvent | undefined {
  try {
    return JSON.parse(line) as AuditEvent;
  } catch {
    // The last line can be incomplete.
    return undefined;
  }
}
