import type { JobRetryStatus } from '@bull-board/api/typings/app';
import type { RolloutTarget } from '../../domain/rollout/rollout.ts';
import type { DeployService } from '../../shared/deploy-service.ts';
import { HttpProblem } from '../problem.ts';

/** A queue that retries all jobs of a state at once: the board's own loop stops at the first hundred. */
export interface RetriesAll {
  /** Returns the number of namespaces that are deployed again. */
  retryAll(status: JobRetryStatus): Promise<number>;
}

/** The data that Add requires on every queue on which it deploys. */
export const NAMESPACE_SCHEMA = {
  type: 'object',
  properties: { namespace: { type: 'string', description: 'The namespace to deploy' } },
  required: ['namespace'],
  additionalProperties: false,
};

export function namespaceOf(data: unknown): string {
  const namespace = (data as { namespace?: unknown } | null)?.namespace;
  if (typeof namespace === 'string' && namespace !== '') return namespace;
  throw new HttpProblem(400, 'bad_request', 'the data must be {"namespace": "…"}: the namespace to deploy');
}

/** Deploys; if nothing was queued, throws the reason. `again`: the release requested last, not the channel's. */
export async function deployFromBoard(
  service: DeployService,
  namespaces: readonly string[],
  again: boolean,
): Promise<ReadonlyMap<string, RolloutTarget>> {
  const { targets } = await service.request({
    namespaces,
    forceBootstrap: false,
    trigger: again ? 'retry' : 'board',
    requestedBy: 'board',
    sameRelease: again,
  });
  const all = [...targets.values()];
  if (all.every((target) => target.jobId === undefined)) {
    throw new HttpProblem(409, all[0]?.code ?? 'conflict', all[0]?.reason ?? 'nothing was queued');
  }
  return targets;
}
