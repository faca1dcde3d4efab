import type { NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { type BoundedWork, boundWork } from '../bound-work.ts';
import type { RouteServices } from '../route.ts';
import { type ObjectSources, readNamespaceObjects } from './namespace-objects.ts';

/** Each reading is six lists on the API server. */
const READINGS = { what: 'readings of objects', atOnce: 4, waiting: 28 } as const;
/** Everyone who asks within this time gets the same reading, unless the namespace changes. */
const KEPT_MS = 1_000;

/** Reads the objects of namespaces: shared by all who ask for the same, and bounded for all together. */
export interface ObjectReader {
  /** Refused with 429 if too many namespaces are being read. */
  read(namespace: string): Promise<NamespaceObjects>;
}

interface Reading {
  readonly row: FleetRow | undefined;
  readonly objects: Promise<NamespaceObjects>;
}

export function openObjectReader(
  sources: ObjectSources & Pick<RouteServices, 'view'>,
  bounds: BoundedWork = boundWork(READINGS),
): ObjectReader {
  const readings = new Map<string, Reading>();

  function start(namespace: string, row: FleetRow | undefined): Reading {
    const leave = bounds.enter();
    const objects = bounds.run(() => readNamespaceObjects(sources, namespace)).finally(leave);
    const reading = { row, objects };
    const forget = () => {
      if (readings.get(namespace) === reading) readings.delete(namespace);
    };
    objects.then(() => setTimeout(forget, KEPT_MS).unref(), forget);
    readings.set(namespace, reading);
    return reading;
  }

  return {
    read: async (namespace) => {
      const row = sources.view.row(namespace);
      const known = readings.get(namespace);
      // What was read before a change does not show it.
      return (known?.row === row && known !== undefined ? known : start(namespace, row)).objects;
    },
  };
}
