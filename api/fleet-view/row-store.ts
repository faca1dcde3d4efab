import { randomBytes } from 'node:crypto';
import isEqual from 'fast-deep-equal';
import type { RowsEvent } from '../../domain/fleet/fleet-feed.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';

/** This many deleted namespaces are remembered; a client that was disconnected for longer gets the full document. */
const GONE_REMEMBERED = 1_000;

/** The rows, each with the sequence number of its latest change. */
export interface RowStore {
  position(): string;
  /** By namespace name. */
  all(): readonly FleetRow[];
  get(namespace: string): FleetRow | undefined;
  /** Stores rows, and removes deleted namespaces; returns the actual changes, undefined if there are none. */
  update(rows: readonly FleetRow[], gone: readonly string[]): RowsEvent | undefined;
  /** Undefined for a position of another store, or one that is too old. */
  changesSince(position: string): RowsEvent | undefined;
}

interface Entry {
  readonly row: FleetRow;
  readonly sequence: number;
}

export function createRowStore(epoch: string = randomBytes(6).toString('hex')): RowStore {
  const entries = new Map<string, Entry>();
  /** In the order of their deletion. */
  let gone: { readonly namespace: string; readonly sequence: number }[] = [];
  /** Deletions up to this sequence are forgotten. */
  let forgotten = 0;
  let sequence = 0;
  let sorted: readonly FleetRow[] | undefined;

  const position = () => `${epoch}.${sequence}`;

  function remove(namespace: string): void {
    entries.delete(namespace);
    gone.push({ namespace, sequence });
  }

  function forgetOldest(): void {
    if (gone.length <= GONE_REMEMBERED) return;
    const surplus = gone.length - GONE_REMEMBERED;
    forgotten = gone[surplus - 1]?.sequence ?? sequence;
    gone = gone.slice(surplus);
  }

  return {
    position,
    all: () => {
      sorted ??= [...entries.values()]
        .map(({ row }) => row)
        .sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
      return sorted;
    },
    get: (namespace) => entries.get(namespace)?.row,
    update: (rows, leaving) => {
      const changed = rows.filter((row) => !isEqual(row, entries.get(row.namespace)?.row));
      const left = leaving.filter((namespace) => entries.has(namespace));
      if (changed.length + left.length === 0) return undefined;
      sequence += 1;
      for (const row of changed) entries.set(row.namespace, { row, sequence });
      for (const namespace of left) remove(namespace);
      forgetOldest();
      sorted = undefined;
      return { position: position(), rows: changed, gone: left };
    },
    changesSince: (after) => {
      const since = sequenceIn(after, epoch);
      if (since === undefined || since > sequence || since < forgotten) return undefined;
      const rows: FleetRow[] = [];
      if (since < sequence) {
        for (const entry of entries.values()) if (entry.sequence > since) rows.push(entry.row);
      }
      const left = gone
        .filter((each) => each.sequence > since && !entries.has(each.namespace))
        .map(({ namespace }) => namespace);
      return { position: position(), rows, gone: [...new Set(left)] };
    },
  };
}

function sequenceIn(position: string, epoch: string): number | undefined {
  const match = /^([^.]+)\.(\d{1,15})$/.exec(position);
  return match?.[1] === epoch ? Number(match[2]) : undefined;
}
