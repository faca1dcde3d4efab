import type { DesiredState } from '../../shared/state/desired-state.ts';
import type { NamespaceRecord } from '../../shared/state/records.ts';

/** The desired state of the fleet as it was last read. */
export interface RecordCache {
  get(namespace: string): NamespaceRecord | undefined;
  /** Version of the release that a namespace was asked to run last. */
  askedVersion(namespace: string): string | undefined;
  /** Reads these again; rejects while Redis is away, and what was known before stays. */
  read(namespaces: readonly string[]): Promise<void>;
  forget(namespace: string): void;
}

export function createRecordCache(state: DesiredState): RecordCache {
  const records = new Map<string, NamespaceRecord>();
  /** Of releases, by key; there are few, and a key never means another one. */
  const versions = new Map<string, string>();
  const strings = new Map<string, string>();

  /** Thousands of records name the same few rollouts and releases. */
  function shared(text: string): string {
    const known = strings.get(text);
    if (known !== undefined) return known;
    if (strings.size > 1_000) strings.clear();
    strings.set(text, text);
    return text;
  }

  function compact(record: NamespaceRecord): NamespaceRecord {
    return {
      ...record,
      rolloutId: shared(record.rolloutId),
      release: shared(record.release),
      trigger: shared(record.trigger),
      requestedBy: shared(record.requestedBy),
      phase: shared(record.phase),
      reason: shared(record.reason),
      lastFailure: shared(record.lastFailure),
    };
  }

  async function rememberVersions(keys: Iterable<string>): Promise<void> {
    for (const key of new Set(keys)) {
      if (versions.has(key)) continue;
      const release = await state.release(key);
      if (release) versions.set(key, release.version);
    }
  }

  return {
    get: (namespace) => records.get(namespace),
    askedVersion: (namespace) => versions.get(records.get(namespace)?.release ?? ''),
    read: async (namespaces) => {
      if (namespaces.length === 0) return;
      const found = await state.records(namespaces);
      await rememberVersions([...found.values()].map(({ release }) => release));
      for (const namespace of namespaces) {
        const record = found.get(namespace);
        if (record) records.set(namespace, compact(record));
        else records.delete(namespace);
      }
    },
    forget: (namespace) => {
      records.delete(namespace);
    },
  };
}
