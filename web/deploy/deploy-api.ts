import { ApiError } from '../../client/api-error.ts';
import type { DeployRequest } from '../../client/deploy-request.ts';
import { messageOf } from '../../domain/errors.ts';
import { browserClient } from '../browser-client.ts';
import type { PlannedNamespace } from './plan-summary.ts';

export interface AcceptedDeploy {
  readonly id: string;
  readonly targets: number;
}

/** Why a plan or a deploy was not answered, in words for people. */
export interface DeployRefusal {
  readonly message: string;
  readonly needsToken: boolean;
}

/** What a deploy would do, without its steps: for thousands of namespaces they are megabytes that this page does not show. */
export async function planDeploy(
  request: DeployRequest,
  token: string,
  signal: AbortSignal,
): Promise<readonly PlannedNamespace[]> {
  const { targets } = await browserClient(token).plan(request, { withSteps: false, signal });
  return targets;
}

/** The key makes a retry safe if the response was lost. */
export async function requestDeploy(
  request: DeployRequest,
  token: string,
  idempotencyKey: string,
): Promise<AcceptedDeploy> {
  const { id, targets } = await browserClient(token).deploy(request, idempotencyKey);
  return { id, targets: targets.length };
}

export function toRefusal(error: unknown): DeployRefusal {
  if (!(error instanceof ApiError)) return { message: messageOf(error), needsToken: false };
  const message =
    error.kind === 'unreachable' ? 'the API is unreachable: try again in a moment' : error.message;
  return { message, needsToken: error.status === 401 };
}

export function newIdempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
