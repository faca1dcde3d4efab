import type { NamespaceConfigResult } from '../cluster/namespace-config.ts';
import type { TargetPlan } from '../rollout/rollout-status.ts';

/** What becomes of a target that is about to be admitted. */
export type Review =
  | { readonly kind: 'admit' }
  /** Its release is another one than planned. */
  | { readonly kind: 'adapt'; readonly plan: TargetPlan }
  | {
      readonly kind: 'leave';
      readonly state: 'cancelled' | 'failed';
      readonly code?: 'config_error' | 'namespace_gone';
      readonly reason: string;
    };

/**
 * The namespace can have changed since its rollout was created: it can be gone, invalid, or follow another channel.
 * `config`: undefined if it has no ConfigMap; `plans`: those of its rollout, in which another channel's release can be found.
 */
export function reviewTarget(
  plan: TargetPlan,
  config: NamespaceConfigResult | undefined,
  plans: Iterable<TargetPlan>,
): Review {
  if (config === undefined) {
    const reason = 'left the rollout: the namespace has no ConfigMap fiaas-deploy-daemon any more';
    return { kind: 'leave', state: 'cancelled', code: 'namespace_gone', reason };
  }
  if (!config.ok) return { kind: 'leave', state: 'failed', code: 'config_error', reason: config.reason };
  const { tag } = config.value;
  if (plan.channel === '' || plan.channel === tag) return { kind: 'admit' };
  for (const other of plans) {
    if (other.channel !== tag) continue;
    const { release, version } = other;
    const because = `${plan.because}; follows channel "${tag}" now`;
    return { kind: 'adapt', plan: { ...plan, release, version, channel: tag, because } };
  }
  const reason = `left the rollout: follows channel "${tag}" now, which this rollout has no release of`;
  return { kind: 'leave', state: 'cancelled', reason };
}
