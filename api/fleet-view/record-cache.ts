import type { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import { isStalePass } from '../../domain/heal/is-stale-pass.ts';
import type { NamespaceRecord } from '../../domain/rollout/namespace-record.ts';
import { PHASES } from '../../domain/rollout/phase.ts';
import type { HealingRecords } from '../../shared/state/healing.ts';
import type { Records } from '../../shared/state/records.ts';

/** What a row shows of healing. */
export type ShownHealing = Pick<NamespaceHealing, 'findings' | 'quarantine'>;

/** The desired state of the fleet, as last read. */
export interface RecordCache {
  get(namespace: string): NamespaceRecord | undefined;
  /** Undefined if no rule holds and it is not in quarantine. */
  healing(namespace: string): ShownHealing | undefined;
  /** The namespaces that have it. */
  sick(): Iterable<string>;
  /** The latest pass of healing. */
  pass(): HealingStatus | undefined;
  /** Reads the latest pass again: true if what rules say about rows can have changed. Never rejects. */
  readPass(): Promise<boolean>;
  /** Version of the release that was last requested for a namespace. */
  requestedVersion(namespace: string): string | undefined;
  /** Reads these again; rejects while Redis is down, and keeps the old records. */
  read(namespaces: readonly string[]): Promise<void>;
  forget(namespace: string): void;
}

export function createRecordCache(
  state: Pick<Records, 'records' | 'release'> & Pick<HealingRecords, 'healingIn' | 'healingStatus'>,
): RecordCache {
  const records = new Map<string, NamespaceRecord>();
  const healing = new Map<string, ShownHealing>();
  let pass: HealingStatus | undefined;
  let wasStale = true;
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

  async function readPass(): Promise<boolean> {
    const before = pass?.checkedAt;
    pass = await state.healingStatus().catch(() => pass);
    const isStale = isStalePass(pass, Date.now());
    const hasChanged = pass?.checkedAt !== before || isStale !== wasStale;
    wasStale = isStale;
    return hasChanged;
  }

  return {
    get: (namespace) => records.get(namespace),
    healing: (namespace) => healing.get(namespace),
    sick: () => healing.keys(),
    pass: () => pass,
    readPass,
    requestedVersion: (namespace) => versions.get(records.get(namespace)?.release ?? ''),
    read: async (namespaces) => {
      if (namespaces.length === 0) return;
      const found = await state.records(namespaces);
      const sick = await state.healingIn(namespaces);
      await rememberVersions([...found.values()].map(({ release }) => release));
      for (const namespace of namespaces) {
        const record = found.get(namespace);
        if (record) records.set(namespace, compact(record));
        else records.delete(namespace);
        const { findings = [], quarantine } = sick.get(namespace) ?? {};
        if (findings.length > 0 || quarantine) healing.set(namespace, { findings, quarantine });
        else healing.delete(namespace);
      }
    },
    forget: (namespace) => {
      records.delete(namespace);
      healing.delete(namespace);
    },
  };
}
