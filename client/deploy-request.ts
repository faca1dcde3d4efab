import type * as z from 'zod';
import type { Strategy } from '../domain/rollout/strategy.ts';

/** What to deploy. */
export interface DeployRequest {
  /** Undefined means all. */
  readonly namespaces: readonly string[] | undefined;
  readonly forceBootstrap: boolean;
  /** Why; kept with the rollout. */
  readonly reason?: string | undefined;
  /** How to reach the namespaces; undefined leaves it to the policy. */
  readonly strategy?: z.input<typeof Strategy> | undefined;
}

/** Names the fields as the API does. */
export function deployBody(request: DeployRequest): Readonly<Record<string, unknown>> {
  const { namespaces, forceBootstrap, reason, strategy } = request;
  return {
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(forceBootstrap ? { force_bootstrap: true } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(strategy === undefined ? {} : { strategy }),
  };
}
