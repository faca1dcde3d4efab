import type { z } from 'zod';
import { StatusList, type StatusRow } from '../../domain/fleet/status-row.ts';
import { RolloutView } from '../../domain/rollout/rollout-view.ts';

/** The few calls of Skipper's HTTP API that the demo makes, as anyone would. */
export interface DemoApi {
  /** Asks for a deploy; of all namespaces, where none are named. */
  deploy(namespaces: readonly string[] | undefined): Promise<RolloutView>;
  rollout(id: string): Promise<RolloutView>;
  status(): Promise<readonly StatusRow[]>;
}

const TIMEOUT_MS = 30_000;

export function openDemoApi(url: string): DemoApi {
  async function call<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    init: RequestInit = {},
  ): Promise<z.infer<Schema>> {
    const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${text}`);
    return schema.parse(JSON.parse(text));
  }

  return {
    deploy: (namespaces) =>
      call(RolloutView, '/api/deploy', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(namespaces === undefined ? {} : { namespaces }),
      }),
    rollout: (id) => call(RolloutView, `/api/rollouts/${encodeURIComponent(id)}`),
    status: () => call(StatusList, '/api/status'),
  };
}
