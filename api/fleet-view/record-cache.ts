import type { Quarantine } from '../../domain/heal/healing.ts';
import type { NamespaceRecord } from '../../domain/rollout/namespace-record.ts';
import { PHASES } from '../../domain/rollout/phase.ts';
import type { HealingRecords } from '../../shared/state/healing.ts';
import type { Records } from '../../shared/state/records.ts';

/** The desired state of the fleet, as last read. */
export interface RecordCache {
  get(namespace: string): NamespaceRecord | undefined;
  /** Undefined if it is not in quarantine. */
  quarantine(namespace: string): Quarantine | undefined;
  /** Version of the release that was last requested for a namespace. */
  requestedVersion(namespace: string): string | undefined;
  /** Reads these again; rejects while Redis is down, and keeps the old records. */
  read(namespaces: readonly string[]): Promise<void>;
  forget(namespace: string): void;
}

export function createRecordCache(
  state: Pick<Records, 'records' | 'release'> & Pick<HealingRecords, 'quarantines'>,
): RecordCache {
  const records = new Map<string, NamespaceRecord>();
  const quarantines = new Map<string, Quarantine>();
  /** Versions of releases, by key; there are few, and the release of a key never changes. */
  const versions = new Map<string, string>();
  const strings = new Map<string, string>();

  /** Thousands of records name the same few rollouts and releases. */
  function intern(text: string): string {
    const known = strings.get(text);
    if (known !== undefined) return known;
    if (strings.size > 1_000) strings.clear();
    strings.set(text, text);
    return text;
  }

  function compact(record: NamespaceRecord): NamespaceRecord {
    return {
      ...record,
      rolloutId: intern(record.rolloutId),
      release: intern(record.release),
      trigger: intern(record.trigger),
      requestedBy: intern(record.requestedBy),
      phase: PHASES[PHASES.indexOf(record.phase)] ?? record.phase,
      reason: intern(record.reason),
      lastFailure: intern(record.lastFailure),
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
    quarantine: (namespace) => quarantines.get(namespace),
    requestedVersion: (namespace) => versions.get(records.get(namespace)?.release ?? ''),
    read: async (namespaces) => {
      if (namespaces.length === 0) return;
      const found = await state.records(namespaces);
      const parked = await state.quarantines(namespaces);
      await rememberVersions([...found.values()].map(({ release }) => release));
      for (const namespace of namespaces) {
        const record = found.get(namespace);
        if (record) records.set(namespace, compact(record));
        else records.delete(namespace);
        const quarantine = parked.get(namespace);
        if (quarantine) quarantines.set(namespace, quarantine);
        else quarantines.delete(namespace);
      }
    },
    forget: (namespace) => {
      records.delete(namespace);
      quarantines.delete(namespace);
    },
  };
}
