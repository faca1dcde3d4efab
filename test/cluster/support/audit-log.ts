import { open } from 'node:fs/promises';
import { CONFIG_MAPS } from '../../../shared/kubernetes/resources.ts';
import { type RealWorld, SKIPPER_NAMESPACE, until } from '../../support/real-world.ts';

/** One request, as recorded by the API server. */
export interface AuditEntry {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly requestReceivedTimestamp: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code: number; readonly message?: string };
}

export interface AuditLog {
  /** Requests of Skipper's accounts since the last mark, without running watches. */
  skipperRequests(): Promise<readonly AuditEntry[]>;
  /** Drops everything before now. */
  mark(): Promise<void>;
}

const READS = ['get', 'list', 'watch'];

let marks = 0;

export function openAuditLog(world: RealWorld): AuditLog {
  const path = world.controlPlane.auditLogPath;
  let position = 0;

  /** The log is written after the response: once our own request is in it, all earlier ones are. */
  async function settled(): Promise<readonly AuditEntry[]> {
    marks += 1;
    const name = `audit-mark-${marks}`;
    await world.admin.get(CONFIG_MAPS, { namespace: 'default', name });
    return until(
      'the audit log is complete',
      () => readEntries(path, position),
      (entries) => entries.some(({ objectRef }) => objectRef?.name === name),
    );
  }

  return {
    skipperRequests: async () =>
      (await settled()).filter(
        // A long request (a pod's log, a watch) is also recorded when it begins.
        ({ user, stage }) =>
          stage === 'ResponseComplete' &&
          user.username.startsWith(`system:serviceaccount:${SKIPPER_NAMESPACE}:`),
      ),
    mark: async () => {
      await settled();
      position = await sizeOf(path);
    },
  };
}

/** Requests in one of the namespaces: the cost of a deploy there. Events are written beside the deploys: no deploy waits for them. */
export function inNamespaces(
  entries: readonly AuditEntry[],
  namespaces: readonly string[],
): readonly AuditEntry[] {
  return entries.filter(
    (entry) => namespaces.includes(entry.objectRef?.namespace ?? '') && !isEventWritten(entry),
  );
}

function isEventWritten({ objectRef, verb }: AuditEntry): boolean {
  return objectRef?.resource === 'events' && verb !== 'list';
}

/** The requests of the namespace with the fewest. */
export function fewestIn(entries: readonly AuditEntry[], namespaces: readonly string[]): readonly string[] {
  const spent = namespaces.map((name) => inNamespaces(entries, [name]).map(summaryOf));
  return spent.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

/** What was written, in order; without what the API server has refused. */
export function writesAmong(entries: readonly AuditEntry[]): readonly string[] {
  return entries
    .filter(({ verb, responseStatus }) => !READS.includes(verb) && (responseStatus?.code ?? 500) < 300)
    .map(summaryOf);
}

/** `patch applications 200`, for readable failures. */
export function summaryOf({ verb, objectRef, responseStatus }: AuditEntry): string {
  const sub = objectRef?.subresource === undefined ? '' : `/${objectRef.subresource}`;
  return `${verb} ${objectRef?.resource}${sub} ${responseStatus?.code}`;
}

async function sizeOf(path: string): Promise<number> {
  const file = await open(path);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function readEntries(path: string, position: number): Promise<readonly AuditEntry[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(size - position), 0, size - position, position);
    const text = buffer.toString('utf8');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as AuditEntry);
  } finally {
    await file.close();
  }
}
