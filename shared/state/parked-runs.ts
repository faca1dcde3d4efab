import { Parking } from '../../domain/deploy/parking.ts';
import { jsonText } from '../json-text.ts';
import type { StateConnection } from './state-connection.ts';
import { valuesOf } from './values-of.ts';

/** Runs that wait for FDD without a worker. */
export interface ParkedRuns {
  /** The namespaces with a parked run, and whether a newer request wants it to resume. */
  parked(): Promise<ReadonlyMap<string, { readonly isMoved: boolean }>>;
  /** Whether a newer request has come since this run was parked, or it has resumed. */
  isParked(namespace: string, generation: number): Promise<boolean>;
  parkings(namespaces: readonly string[]): Promise<ReadonlyMap<string, Parking>>;
  /** Records what a parked run waits for. */
  describeParked(namespace: string, generation: number, reason: string): Promise<void>;
}

/** The value of a run that is to resume; otherwise it is the run's generation. */
const MOVED = '';

export function openParkedRuns({ redis, prefix, run, guarded }: StateConnection): ParkedRuns {
  const key = `${prefix}:parked`;
  return {
    parked: async () => {
      const marks = Object.entries(await guarded(() => redis.hgetall(key)));
      return new Map(marks.map(([namespace, mark]) => [namespace, { isMoved: mark === MOVED }]));
    },
    isParked: async (namespace, generation) =>
      (await guarded(() => redis.hget(key, namespace))) === String(generation),
    parkings: async (namespaces) => {
      const values = await guarded(async () => {
        const pipeline = redis.pipeline();
        for (const namespace of namespaces) pipeline.hget(`${prefix}:namespace:${namespace}`, 'parking');
        return valuesOf(await pipeline.exec());
      });
      const found = namespaces.flatMap((namespace, index): [string, Parking][] => {
        const { data } = StoredParking.safeParse(values[index]);
        return data ? [[namespace, data]] : [];
      });
      return new Map(found);
    },
    describeParked: async (namespace, generation, reason) => {
      await run('describe-parked', { namespace, generation, reason });
    },
  };
}

export const StoredParking = jsonText(Parking);
