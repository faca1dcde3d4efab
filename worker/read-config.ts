import type { NamespaceConfig, NamespaceConfigResult } from '../domain/cluster/namespace-config.ts';
import type { NamespaceSnapshot } from '../domain/cluster/observed.ts';
import { LEAVING } from '../domain/deploy/plan.ts';
import { SkipperError } from '../domain/errors.ts';
import { readNamespaceConfig } from '../shared/kubernetes/read-namespace-config.ts';
import type { RunContext } from './run-context.ts';

/**
 * What decided the request can be ahead of this worker's watch: the ConfigMap is read if the watch shows another version
 * than `wanted`, and before the namespace counts as gone.
 */
export async function withConfig(
  observed: NamespaceSnapshot,
  context: RunContext,
  wanted?: string,
): Promise<NamespaceSnapshot> {
  if (observed.config && (!wanted || isOfVersion(observed.config, wanted))) return observed;
  return { ...observed, config: await readNamespaceConfig(context.client, context.namespace) };
}

/** A resourceVersion is opaque: another one can be older or newer. */
function isOfVersion(config: NamespaceConfigResult, version: string): boolean {
  return config.ok && config.value.resourceVersion === version;
}

/** The configuration of a namespace; throws if it is wrong, or the namespace is gone or about to be. */
export function configOf(observed: NamespaceSnapshot): NamespaceConfig {
  if (!observed.config) throw gone();
  if (!observed.config.ok) throw new SkipperError('config_error', observed.config.reason);
  if (observed.config.value.isDeleting) throw leaving();
  return observed.config.value;
}

export function gone(): SkipperError {
  return new SkipperError('namespace_gone', 'the namespace, or its ConfigMap fiaas-deploy-daemon, is gone');
}

export function leaving(): SkipperError {
  return new SkipperError('namespace_gone', LEAVING);
}
