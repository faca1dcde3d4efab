import type { ApiClient } from '../../client/api-client.ts';
import { ApiError } from '../../client/api-error.ts';
import type { DeployRequest } from '../../client/deploy-request.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { CliError } from '../exit-code.ts';
import { oneLine } from '../text/lines.ts';
import { toCliError } from '../to-cli-error.ts';

export interface Patience {
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly onRetry: (reason: string) => void;
}

const RETRY_FOR_MS = 30_000;
const RETRY_PAUSE_MS = 1_000;

/** Requests a rollout. If the answer is lost, it retries with the same key, so that nothing is deployed twice. */
export async function requestDeploy(
  client: ApiClient,
  request: DeployRequest,
  idempotencyKey: string,
  { now, pause, onRetry }: Patience,
): Promise<RolloutView> {
  const giveUpAt = now() + RETRY_FOR_MS;
  for (;;) {
    try {
      return await client.deploy(request, idempotencyKey);
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isPassing) throw error;
      const pauseMs = error.retryAfterMs ?? RETRY_PAUSE_MS;
      if (now() + pauseMs > giveUpAt) throw withKey(error, idempotencyKey);
      onRetry(oneLine(error.message));
      await pause(pauseMs);
    }
  }
}

function withKey(error: ApiError, idempotencyKey: string): CliError {
  const { exitCode, message, details } = toCliError(error);
  return new CliError(exitCode, message, [
    ...details,
    'the deploy may or may not have been accepted',
    `to retry without deploying twice, repeat the command with --idempotency-key ${idempotencyKey}`,
  ]);
}
