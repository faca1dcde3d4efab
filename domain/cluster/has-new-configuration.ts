import type { NamespaceSnapshot } from './observed.ts';

/**
 * True if the settings in FDD's ConfigMap have changed since FDD was started: it reads them only at start. False if the
 * Application has no digest (written by upstream's Skipper, or an older one).
 */
export function hasNewConfiguration({ config, application, deployment }: NamespaceSnapshot): boolean {
  const startedWith = application?.configDigest;
  if (!config?.ok || !deployment || startedWith === undefined) return false;
  return startedWith !== config.value.configDigest;
}
