import type { NamespaceSnapshot } from './observed.ts';

/** True while the ConfigMap is being deleted, as in a terminating namespace: nothing is deployed there. */
export function isLeaving({ config }: Pick<NamespaceSnapshot, 'config'>): boolean {
  return config?.ok === true && config.value.isDeleting === true;
}
