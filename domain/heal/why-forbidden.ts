import type { NamespaceSnapshot } from '../cluster/observed.ts';
import { whyHeld } from '../deploy/what-holds.ts';
import type { Hold } from '../rollout/hold.ts';
import type { NamespaceRecord } from '../rollout/namespace-record.ts';

export interface HealingLimits {
  readonly snapshot: NamespaceSnapshot;
  readonly record: Pick<NamespaceRecord, 'generation'> | undefined;
  /** The version that a repair deploys; undefined if it is not known. */
  readonly version: string | undefined;
  /** The release of its channel, as the latest release check saw it; undefined if it is not known. */
  readonly released: { readonly image?: string | undefined } | undefined;
  readonly hold: Hold | undefined;
  /** Why automatic changes are not allowed now: a window, or a freeze. */
  readonly closure: string | undefined;
}

/** Why healing must do nothing in a namespace; undefined if it may. */
export function whyForbidden({
  snapshot,
  record,
  version,
  released,
  hold,
  closure,
}: HealingLimits): string | undefined {
  const { config, deployment, application } = snapshot;
  if (!config?.ok) return `its configuration cannot be used: ${config?.reason ?? 'there is no ConfigMap'}`;
  const { helmRelease } = deployment ?? {};
  if (helmRelease !== undefined) return `Helm manages FDD (release ${helmRelease})`;
  // What another Skipper has deployed is healed, too, if that is what this one would deploy.
  const isAtChannel = application !== undefined && application.image === released?.image;
  if (record === undefined && !isAtChannel) return NOTHING_REQUESTED;
  if (version === undefined) return RELEASE_UNKNOWN;
  return whyHeld(version, config.value.rollout, hold) ?? closure;
}

const NOTHING_REQUESTED =
  'nothing was requested here yet, and its Application is not at the release of its channel: deploy it once';
const RELEASE_UNKNOWN =
  'a repair changes no release, and which one it has is not known: the one that was requested last is not stored any more, and it has no Application';
