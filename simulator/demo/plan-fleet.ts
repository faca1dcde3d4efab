import { createHash } from 'node:crypto';
import type { Fault } from '../fdd/misbehaviour.ts';
import { OUTDATED_VERSIONS, PUBLISHED_VERSIONS } from './published-versions.ts';

/** One namespace of the demo, before Skipper sees it. */
export interface DemoNamespace {
  readonly name: string;
  /** Its release channel. */
  readonly tag: string;
  /** The version of FDD that runs there; undefined where none does, so that it has to be bootstrapped. */
  readonly installedVersion: string | undefined;
  /** What is wrong there, with the versions of `faultyVersions`. */
  readonly fault: Fault | undefined;
}

const BOOTSTRAPS_ONE_IN = 10;
const LATEST_ONE_IN = 15;

const FAULTS: readonly Fault[] = [
  { kind: 'image-pull-failure', message: 'rpc error: code = NotFound desc = manifest unknown' },
  {
    kind: 'crash-loop',
    exitCode: 1,
    lines: ['General failure! Inspect traceback and make the code better!'],
  },
  { kind: 'hang' },
  {
    kind: 'failed',
    lines: [
      'Error while deploying fiaas-deploy-daemon: 403 poddisruptionbudgets.policy "fiaas-deploy-daemon" is forbidden',
    ],
  },
];

/** Lays the fleet out; the same numbers give the same fleet. */
export function planFleet({
  namespaces,
  failRate,
}: {
  namespaces: number;
  failRate: number;
}): DemoNamespace[] {
  const names = Array.from({ length: namespaces }, (_, index) => namespaceName(index + 1, namespaces));
  const faults = assignFaults(names, failRate);
  return names.map((name, index) => ({
    name,
    tag: index % LATEST_ONE_IN === LATEST_ONE_IN - 1 ? 'latest' : 'stable',
    installedVersion:
      index % BOOTSTRAPS_ONE_IN === 0 ? undefined : OUTDATED_VERSIONS[index % OUTDATED_VERSIONS.length],
    fault: faults.get(name),
  }));
}

/** `team-007` of up to 999, `team-00007` of 10,000: in the order of the alphabet, they are in their own. */
export function namespaceName(number: number, namespaces: number): string {
  return `team-${String(number).padStart(Math.max(3, String(namespaces).length), '0')}`;
}

/**
 * The versions of FDD that the fault of a namespace is in. What is installed runs. But it is also the program that deploys the
 * next version, so if deploys go wrong, it does: otherwise the namespace would misbehave without anybody seeing it.
 */
export function faultyVersions({ fault, installedVersion }: DemoNamespace): readonly string[] {
  if (fault === undefined) return [];
  if (fault.kind === 'hang' || fault.kind === 'failed') return PUBLISHED_VERSIONS;
  return PUBLISHED_VERSIONS.filter((version) => version !== installedVersion);
}

/** In an order of their own, so that some of those that bootstrap misbehave, too. */
function assignFaults(names: readonly string[], failRate: number): ReadonlyMap<string, Fault | undefined> {
  const count = failRate === 0 ? 0 : Math.max(1, Math.round(names.length * failRate));
  const shuffled = names
    .map((name) => [shuffleKey(name), name] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(shuffled.slice(0, count).map(([, name], index) => [name, FAULTS[index % FAULTS.length]]));
}

function shuffleKey(name: string): string {
  return createHash('sha1').update(name).digest('hex');
}
