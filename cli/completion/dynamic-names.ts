import type { ApiClient } from '../../client/api-client.ts';

/** Short, because a user has just pressed Tab. */
const TIMEOUT_MS = 1_500;

export type DynamicNames = 'namespaces' | 'channels' | 'rollouts';

/** The server's names. Leaves out names with special characters, because a shell reads them. */
export async function readNames(client: ApiClient, what: DynamicNames): Promise<string[]> {
  const { rows, summary } = await client.fleet({ timeoutMs: TIMEOUT_MS });
  const names: Record<DynamicNames, readonly string[]> = {
    namespaces: rows.map(({ namespace }) => namespace),
    channels: summary.channels.map(({ channel }) => channel),
    rollouts: summary.rollouts.map(({ id }) => id),
  };
  return names[what].filter((name) => /^[\w.-]+$/.test(name));
}
