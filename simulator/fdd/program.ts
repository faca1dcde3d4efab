import { imageVersion } from './fdd-names.ts';
import type { Pod } from './kubernetes-objects.ts';
import { mainContainer } from './main-container.ts';
import type { Whereabouts } from './misbehaviour.ts';

/** The input of a simulated program from its container. */
export interface Program {
  readonly pod: Pod;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

export function whereOf(pod: Pod): Whereabouts {
  return {
    namespace: pod.metadata.namespace,
    version: imageVersion(mainContainer(pod.spec)?.image ?? ''),
  };
}
