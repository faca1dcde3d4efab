import { laneOf, URGENT } from '../domain/deploy/lane.ts';
import { messageOf, SkipperError } from '../domain/errors.ts';
import { closureAt } from '../domain/rollout/closure.ts';
import { planWaves } from '../domain/rollout/plan-waves.ts';
import type { Rollout } from '../domain/rollout/rollout.ts';
import { scheduleFor, strategyFor, waitsForNamespaces } from '../domain/rollout/rollout-policy.ts';
import { resolveStrategy, type Strategy } from '../domain/rollout/strategy.ts';
import { BadRequestError } from './bad-request-error.ts';
import type { RolloutPolicySource } from './rollout-policy-file.ts';
import type { DeployRequest, RequestedTarget } from './state/deploy-request.ts';

export interface StrategyParts {
  readonly policy: Pick<RolloutPolicySource, 'current'>;
  /** The namespaces that have all these labels. */
  readonly selectNamespaces: (labels: Readonly<Record<string, string>>) => Promise<ReadonlySet<string>>;
}

/** Freezes the strategy of a rollout (its own, or that of the policy), and the wave of each target. */
export async function withStrategy(
  parts: StrategyParts,
  own: Strategy | undefined,
  rollout: Rollout,
  targets: readonly RequestedTarget[],
): Promise<Pick<DeployRequest, 'rollout' | 'waves'>> {
  const { policy } = parts;
  const deployed = targets.filter(({ release }) => release !== undefined);
  const strategy = own ?? strategyFor(policy.current(), rollout.trigger, deployed.length);
  const isUrgent = laneOf(rollout.trigger, targets.length) === URGENT;
  if (strategy.type === 'All') {
    const resolved = resolveStrategy(strategy, deployed.length);
    return { rollout: { ...rollout, isUrgent, strategy: resolved }, waves: undefined };
  }
  const labels = await labelsOf(parts, strategy);
  const plan = planWaves(
    deployed.map(({ namespace, annotations }) => ({
      namespace,
      isCanary: annotations?.canary ?? false,
      priority: annotations?.priority ?? 0,
      labels: labels.get(namespace) ?? {},
    })),
    strategy,
  );
  const { newerRelease } = strategy;
  return {
    rollout: { ...rollout, isUrgent, newerRelease, strategy: plan.strategy },
    waves: new Map(plan.targets.map((target) => [target.namespace, target])),
  };
}

type Labels = Readonly<Record<string, string>>;

/** The labels by which the strategy selects its canary, of the namespaces that have them. */
async function labelsOf(
  { selectNamespaces }: StrategyParts,
  strategy: Strategy,
): Promise<ReadonlyMap<string, Labels>> {
  const canary = strategy.type === 'All' ? 0 : strategy.canary;
  if (typeof canary === 'number' || !('selector' in canary)) return new Map();
  const { selector } = canary;
  const selected = await selectNamespaces(selector).catch((error: unknown) => {
    throw unselectable(error);
  });
  return new Map([...selected].map((namespace) => [namespace, selector]));
}

function unselectable(error: unknown): unknown {
  if (!(error instanceof SkipperError) || error.code !== 'forbidden') return error;
  const advice =
    "grant it, as the chart's ClusterRole fiaas-skipper-watch does, or name the canaries instead";
  return new BadRequestError(
    'strategy.canary.selector',
    `Skipper lacks the right to list namespaces, which a selector needs: ${advice} (${messageOf(error)})`,
  );
}

/** The targets that cannot be admitted now; a worker admits them when their window opens. */
export function outsideWindows(
  { policy: source }: Pick<StrategyParts, 'policy'>,
  { trigger, createdAt }: Rollout,
  targets: readonly RequestedTarget[],
): ReadonlySet<string> {
  const policy = source.current();
  const isClosed = closureAt(scheduleFor(policy, trigger), createdAt) !== undefined;
  const isWaiting = waitsForNamespaces(policy, trigger);
  const isOutside = ({ annotations }: RequestedTarget) =>
    isWaiting && closureAt({ windows: annotations?.window }, createdAt) !== undefined;
  return new Set(targets.filter((target) => isClosed || isOutside(target)).map(({ namespace }) => namespace));
}
