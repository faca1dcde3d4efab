import type { ApiClient } from '../../client/api-client.ts';

/** A person waits for this with a finger on the key. */
const TIMEOUT_MS = 1_500;

export type DynamicNames = 'namespaces' | 'channels' | 'rollouts';

/** Names that the server knows; only those that are plain words, since a shell gets them. */
export async function askForNames(client: ApiClient, what: DynamicNames): Promise<string[]> {
  const { rows, summary } = await client.fleet({ timeoutMs: TIMEOUT_MS });
  const names: Record<DynamicNames, readonly string[]> = {
    namespaces: rows.map(({ namespace }) => namespace),
    channels: summary.channels.map(({ channel }) => channel),
    rollouts: summary.rollouts.map(({ id }) => id),
  };
  return names[what].filter((name) => /^[\w.-]+$/.test(name));
}
