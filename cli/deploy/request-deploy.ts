import type { ApiClient } from '../../client/api-client.ts';
import { ApiError } from '../../client/problem.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';

export interface DeployRequest {
  /** Undefined means all. */
  readonly namespaces: readonly string[] | undefined;
  readonly forceBootstrap: boolean;
}

export interface Patience {
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly onRetry: (reason: string) => void;
}

const RETRY_FOR_MS = 30_000;
const RETRY_PAUSE_MS = 1_000;

/** Names the fields as the API does. */
export function deployBody({ namespaces, forceBootstrap }: DeployRequest): Record<string, unknown> {
  return {
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(forceBootstrap ? { force_bootstrap: true } : {}),
  };
}

/** Asks for a rollout. A lost answer is asked for again with the same key, so nothing is deployed twice. */
export async function requestDeploy(
  client: ApiClient,
  request: DeployRequest,
  idempotencyKey: string,
  { now, pause, onRetry }: Patience,
): Promise<RolloutView> {
  const giveUpAt = now() + RETRY_FOR_MS;
  const headers = { 'idempotency-key': idempotencyKey };
  for (;;) {
    try {
      return await client.post<RolloutView>('/api/deploy', deployBody(request), { headers });
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isPassing) throw error;
      const pauseMs = error.retryAfterMs ?? RETRY_PAUSE_MS;
      if (now() + pauseMs > giveUpAt) throw withKey(error, idempotencyKey);
      onRetry(error.message);
      await pause(pauseMs);
    }
  }
}

function withKey(error: ApiError, idempotencyKey: string): ApiError {
  return new ApiError(error.message, {
    ...error,
    details: [
      ...error.details,
      'it is not known whether the deploy was accepted',
      `the same command with --idempotency-key ${idempotencyKey} asks again without deploying twice`,
    ],
  });
}
