import type { NamespaceSnapshot } from '../cluster/observed.ts';
import { whyHeld } from '../deploy/what-holds.ts';
import type { Hold } from '../rollout/hold.ts';
import type { NamespaceRecord } from '../rollout/namespace-record.ts';

export interface HealingLimits {
  readonly snapshot: NamespaceSnapshot;
  readonly record: Pick<NamespaceRecord, 'generation'> | undefined;
  /** The version that was requested last; undefined if it is not known any more. */
  readonly version: string | undefined;
  readonly hold: Hold | undefined;
  /** Why automatic changes are not allowed now: a window, or a freeze. */
  readonly closure: string | undefined;
}

/** Why healing must do nothing in a namespace; undefined if it may. */
export function whyForbidden({
  snapshot,
  record,
  version,
  hold,
  closure,
}: HealingLimits): string | undefined {
  const { config, deployment } = snapshot;
  if (!config?.ok) return `its configuration cannot be used: ${config?.reason ?? 'there is no ConfigMap'}`;
  const { helmRelease } = deployment ?? {};
  if (helmRelease !== undefined) return `Helm manages FDD (release ${helmRelease})`;
  if (record === undefined) return 'nothing was requested here yet, so it is not known what should run';
  return whyHeld(version ?? '', config.value.rollout, hold) ?? closure;
}
