import { createHash } from 'node:crypto';
import type { NamespaceConfigResult } from '../cluster/namespace-config.ts';
import type { NamespaceSnapshot } from '../cluster/observed.ts';
import type { NamespaceRecord } from '../rollout/namespace-record.ts';

/**
 * A fingerprint of what has to change before another try makes sense: what the ConfigMap says, the wanted release, and the
 * limits of the namespace's quotas if one of them has refused something. What the pods show is not part of it: it changes all the time, and
 * once they run, no rule holds.
 */
export function healCause(
  { config }: Pick<NamespaceSnapshot, 'config'>,
  record: Pick<NamespaceRecord, 'release'> | undefined,
  quotas: string | undefined,
): string {
  const parts = [
    `config ${digestOf(config)}`,
    record === undefined ? UNKNOWN_RELEASE : `${RELEASE}${record.release}`,
    ...(quotas === undefined ? [] : [`${QUOTAS}${quotas}`]),
  ];
  return parts.join('; ');
}

/** Only what people set: controllers write their own annotations again and again, and the same ConfigMap can be created again. */
function digestOf(config: NamespaceConfigResult | undefined): string {
  if (!config?.ok) return 'invalid';
  const {
    resourceVersion: _version,
    createdAt: _createdAt,
    isDeleting: _isDeleting,
    ...content
  } = config.value;
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

const RELEASE = 'release ';
const UNKNOWN_RELEASE = `${RELEASE}unknown`;
const QUOTAS = 'quotas ';

/** A release that is not known any more, since Redis has lost its data, has not changed. */
export function isOtherCause(before: string, now: string): boolean {
  const release = before.split('; ').find((part) => part.startsWith(RELEASE));
  const known = release === undefined ? now : now.replace(UNKNOWN_RELEASE, () => release);
  return known !== before;
}

/**
 * True if what people want has changed since a step. What is unknown in one of them has not changed: a step makes the release
 * known, and quotas are read only if one can be the reason.
 */
export function isOtherWanted(before: string, now: string): boolean {
  const [known, wanted] = [withoutQuotas(before), withoutQuotas(now)];
  return isOtherCause(known, wanted) && isOtherCause(wanted, known);
}

function withoutQuotas(cause: string): string {
  const parts = cause.split('; ').filter((part) => !part.startsWith(QUOTAS));
  return parts.join('; ');
}

/** True if the limits of quotas are part of the fingerprint. */
export function hasQuotas(cause: string): boolean {
  return cause.includes(`; ${QUOTAS}`);
}

/** True if a quota can have refused what was tried. */
export function isQuotaMatter(texts: readonly string[]): boolean {
  return texts.some((text) => /\bquota\b/i.test(text));
}
