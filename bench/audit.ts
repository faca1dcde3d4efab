import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly userAgent?: string;
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
export async function countRequests(path: string, since: number, userAgent: string): Promise<RequestCounts> {
  const byNamespace = new Map<string, number>();
  const byKind = new Map<string, number>();
  for await (const line of createInterface({ input: createReadStream(path, { start: since }) })) {
    const event = parse(line);
    const namespace = event?.objectRef?.namespace;
    if (!event || !namespace || event.stage !== 'ResponseComplete' || event.userAgent !== userAgent) continue;
    byNamespace.set(namespace, (byNamespace.get(namespace) ?? 0) + 1);
    const { resource = '', subresource } = event.objectRef ?? {};
    const kind = `${event.verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  }
  return { byNamespace, byKind };
}

function parse(line: string): AuditEvent | undefined {
  try {
    return JSON.parse(line) as AuditEvent;
  } catch {
    // The last line can be incomplete.
    return undefined;
  }
}
