import type { ErrorCode } from '../errors.ts';

/** Why a watch of the cluster does not work. */
export interface TroubledWatch {
  readonly name: string;
  /** A permission has been missing for a while. */
  readonly refused: boolean;
  readonly trouble?:
    | { readonly since: number; readonly reason: string; readonly code?: ErrorCode | undefined }
    | undefined;
}

export interface Trouble {
  readonly since: number;
  readonly evidence: string;
}

/** Causes that no namespace can be repaired from. */
export interface FleetTrouble {
  readonly crdMissing?: Trouble | undefined;
  readonly rightsMissing?: Trouble | undefined;
}

/** What the state of the watches shows about the whole fleet. */
export function fleetTroubleOf(watches: readonly TroubledWatch[]): FleetTrouble {
  return {
    crdMissing: firstTrouble(watches.filter(({ trouble }) => trouble?.code === 'crd_missing')),
    rightsMissing: firstTrouble(watches.filter(({ refused }) => refused)),
  };
}

function firstTrouble(watches: readonly TroubledWatch[]): Trouble | undefined {
  const [first] = watches;
  if (!first?.trouble) return undefined;
  return { since: first.trouble.since, evidence: `watch of ${first.name}: ${first.trouble.reason}` };
}
