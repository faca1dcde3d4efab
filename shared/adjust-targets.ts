import { differenceFrom, releaseIn } from '../domain/deploy/application.ts';
import { whyHeld } from '../domain/deploy/what-holds.ts';
import type { Hold } from '../domain/rollout/hold.ts';
import type { ClusterCache } from './kubernetes/cluster-cache.ts';
import type { RequestedTarget } from './state/deploy-request.ts';
import type { Holds } from './state/holds.ts';

/** Why nothing is deployed in a namespace, although it is named. */
export interface Denial {
  readonly reason: string;
  readonly code?: string | undefined;
}

/** What the API server has refused in a dry run is not attempted. */
export function withoutDenied(
  denied: ReadonlyMap<string, Denial> | undefined,
  target: RequestedTarget,
): RequestedTarget {
  const denial = denied?.get(target.namespace);
  if (!denial) return target;
  const { namespace } = target;
  return { namespace, release: undefined, target: { state: 'failed', ...denial, finishedAt: Date.now() } };
}

/** A request for all namespaces leaves those alone that are held or pinned to another version; one that names them does not. */
export async function withoutHeld(
  state: Pick<Holds, 'holds'>,
  targets: readonly RequestedTarget[],
): Promise<RequestedTarget[]> {
  const holds = await state.holds();
  return targets.map((requested) => withoutOneHeld(requested, holds));
}

export function withoutOneHeld(
  requested: RequestedTarget,
  holds: ReadonlyMap<string, Hold>,
): RequestedTarget {
  const { namespace, release, annotations } = requested;
  const why = release && whyHeld(release.version, annotations, holds.get(namespace));
  if (why === undefined) return requested;
  const reason = `${why}; name the namespace in a request to deploy it anyway`;
  return {
    namespace,
    release: undefined,
    target: { state: 'cancelled', reason, finishedAt: Date.now() },
  };
}

/** What runs there now, so that a rollback can return to it. */
export function withPrevious(
  cluster: Pick<ClusterCache, 'snapshot'>,
  target: RequestedTarget,
): RequestedTarget {
  const { application, deployment } = cluster.snapshot(target.namespace);
  if (!target.release || !application || deployment?.image !== application.image) return target;
  const isOther = differenceFrom(application, target.release) !== undefined;
  return isOther ? { ...target, previous: releaseIn(application) } : target;
}
