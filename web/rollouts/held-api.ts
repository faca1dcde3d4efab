import type { HoldList, IgnoredReleaseList } from '../../domain/rollout/rollout-view.ts';
import { browserClient } from '../browser-client.ts';
import { readToken } from '../ui/token-store.ts';

/** What operators keep from getting releases automatically. */
export interface Held {
  readonly holds: HoldList['holds'];
  readonly ignored: IgnoredReleaseList['releases'];
}

/** What an operator changes about that. */
export type HeldCommand =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'stop ignoring'; readonly version: string }
  | { readonly kind: 'release'; readonly namespaces: readonly string[] };

export async function readHeld(): Promise<Held> {
  const client = browserClient(readToken());
  const [{ holds }, { releases }] = await Promise.all([client.holds(), client.ignoredReleases()]);
  return { holds, ignored: releases };
}

/** `version`: of a release to ignore. Returns what is held afterwards. */
export async function sendHeld(command: HeldCommand, reason: string, version: string): Promise<Held> {
  const client = browserClient(readToken());
  if (command.kind === 'ignore') await client.ignoreRelease(version, reason);
  if (command.kind === 'stop ignoring') await client.endIgnoring(command.version, reason);
  if (command.kind === 'release') {
    for (const namespace of command.namespaces) await client.holdNamespace(namespace, 'release', { reason });
  }
  return readHeld();
}
