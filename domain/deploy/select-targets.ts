import type { NamespaceConfig } from '../cluster/namespace-config.ts';
import type { NamespaceSnapshot } from '../cluster/observed.ts';
import { helmRefusal } from './helm-refusal.ts';

export type Selected =
  | { readonly namespace: string; readonly kind: 'deploy'; readonly config: NamespaceConfig }
  /** Listed in the rollout with its reason, but not deployed. */
  | { readonly namespace: string; readonly kind: 'config-error' | 'helm-managed'; readonly reason: string };

export interface Selection {
  readonly targets: readonly Selected[];
  /** Requested names that are not FIAAS namespaces. */
  readonly unknown: readonly string[];
}

/** The namespaces of a request (those it names, or all), and what is known about each before any work. */
export function selectTargets(
  names: readonly string[] | undefined,
  known: readonly string[],
  snapshot: (namespace: string) => NamespaceSnapshot,
  forceBootstrap: boolean,
): Selection {
  const requested = names === undefined ? known : [...new Set(names)];
  const existing = new Set(known);
  return {
    targets: requested
      .filter((namespace) => existing.has(namespace))
      .map((namespace) => select(snapshot(namespace), forceBootstrap)),
    unknown: requested.filter((namespace) => !existing.has(namespace)),
  };
}

function select(snapshot: NamespaceSnapshot, forceBootstrap: boolean): Selected {
  const { namespace, config, deployment } = snapshot;
  if (!config?.ok) {
    return { namespace, kind: 'config-error', reason: config?.reason ?? 'there is no ConfigMap' };
  }
  if (deployment?.helmRelease !== undefined && !forceBootstrap) {
    return { namespace, kind: 'helm-managed', reason: helmRefusal(deployment.helmRelease) };
  }
  return { namespace, kind: 'deploy', config: config.value };
}
