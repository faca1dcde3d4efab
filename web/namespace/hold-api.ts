import type { HoldCommand } from '../../client/hold-requests.ts';
import type { Hold } from '../../domain/rollout/hold.ts';
import { browserClient } from '../browser-client.ts';
import { readToken } from '../ui/token-store.ts';

export interface HoldRequest {
  readonly namespace: string;
  readonly command: HoldCommand;
  readonly reason: string;
  /** Of a pin; empty is the version that was verified there last. */
  readonly version: string;
}

/** Returns what holds the namespace afterwards. */
export async function sendHold(request: HoldRequest): Promise<Hold | undefined> {
  const { namespace, command, reason, version } = request;
  const body = { reason, ...(version === '' ? {} : { version }) };
  return (await browserClient(readToken()).holdNamespace(namespace, command, body)).hold;
}
