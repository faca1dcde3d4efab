import type { PlannedNamespace } from './plan-summary.ts';

export interface DeployRequest {
  /** Undefined means the whole fleet. */
  readonly namespaces: readonly string[] | undefined;
  readonly forceBootstrap: boolean;
}

export interface AcceptedDeploy {
  readonly id: string;
  readonly targets: number;
}

/** The API refused; the message is the API's own. */
export class DeployError extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.name = 'DeployError';
    this.status = status;
  }

  get needsToken(): boolean {
    return this.status === 401;
  }
}

/** What a deploy would do, without its steps: for thousands of namespaces they are megabytes that this page does not show. */
export async function planDeploy(
  request: DeployRequest,
  token: string,
  signal: AbortSignal,
): Promise<readonly PlannedNamespace[]> {
  const body = { ...toBody(request), dry_run: true, omit_steps: true };
  const answer = await post(body, token, { signal });
  return (answer as { targets: PlannedNamespace[] }).targets;
}

/** The key makes a retry safe if the response was lost. */
export async function requestDeploy(
  request: DeployRequest,
  token: string,
  idempotencyKey: string,
): Promise<AcceptedDeploy> {
  const answer = await post(toBody(request), token, { headers: { 'idempotency-key': idempotencyKey } });
  const { id, targets } = answer as { id: string; targets: unknown[] };
  return { id, targets: targets.length };
}

export function newIdempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

function toBody({ namespaces, forceBootstrap }: DeployRequest) {
  return { ...(namespaces === undefined ? {} : { namespaces }), force_bootstrap: forceBootstrap };
}

async function post(body: object, token: string, options: RequestInit): Promise<unknown> {
  const response = await fetch('/api/deploy', {
    ...options,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      // The page prompts for the token itself: without this header the browser would prompt, too.
      'x-requested-with': 'skipper',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(options.headers as Record<string, string>),
    },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new DeployError(0, 'the API is unreachable: try again in a moment');
  });
  const answer = (await response.json().catch(() => undefined)) as { detail?: string } | undefined;
  if (response.ok) return answer;
  throw new DeployError(response.status, answer?.detail ?? `the API answered HTTP ${response.status}`);
}
