import type { NamespaceSnapshot } from './observed.ts';

/**
 * True if FDD was started with other settings than those in its ConfigMap now: it reads them only when it starts. An
 * Application without the digest (of upstream's Skipper, or an older one) says nothing, and is left alone.
 */
export function hasNewConfiguration({ config, application, deployment }: NamespaceSnapshot): boolean {
  const startedWith = application?.configDigest;
  if (!config?.ok || !deployment || startedWith === undefined) return false;
  return startedWith !== config.value.configDigest;
}
