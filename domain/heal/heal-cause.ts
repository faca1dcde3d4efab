import type { NamespaceSnapshot } from '../cluster/observed.ts';
import type { NamespaceRecord } from '../rollout/namespace-record.ts';

/**
 * A fingerprint of what has to change before another try makes sense: the ConfigMap, the wanted release, and the limits of the
 * namespace's quotas if one of them has refused something. What the pods show is not part of it: it changes all the time, and
 * once they run, no rule holds.
 */
export function healCause(
  { config }: Pick<NamespaceSnapshot, 'config'>,
  record: Pick<NamespaceRecord, 'release'> | undefined,
  quotas: string | undefined,
): string {
  const parts = [
    `config ${config?.ok ? config.value.resourceVersion : 'invalid'}`,
    `release ${record?.release ?? 'unknown'}`,
    ...(quotas === undefined ? [] : [`${QUOTAS}${quotas}`]),
  ];
  return parts.join('; ');
}

const QUOTAS = 'quotas ';

/** True if the limits of quotas are part of the fingerprint. */
export function hasQuotas(cause: string): boolean {
  return cause.includes(`; ${QUOTAS}`);
}

/** True if a quota can have refused what was tried. */
export function isQuotaMatter(texts: readonly string[]): boolean {
  return texts.some((text) => /\bquota\b/i.test(text));
}
