import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { awaitRollout } from '../../cli/deploy/await-rollout.ts';
import { requestDeploy } from '../../cli/deploy/request-deploy.ts';
import { openProgress, type Progress } from '../../cli/deploy/wait-command.ts';
import type { ApiClient } from '../../client/api-client.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { type WatchOptions, watchFleet } from './watch-fleet.ts';

/** The table follows the fleet's feed, whose numbers may be a second behind the rollout. */
const LAST_FRAME_MS = 1_500;
const SILENT: Progress = { onSeen: () => undefined, onLost: () => undefined, onBack: () => undefined };

/** Deploys and waits for the end, as `skipper deploy --wait`; on a terminal, with the table of the fleet. */
export async function deployFleet(
  client: ApiClient,
  namespaces: readonly string[] | undefined,
  { io, signal }: WatchOptions,
): Promise<RolloutView> {
  const { out, err, now } = io;
  const wait = (ms: number) => pause(ms, undefined, { signal });
  const request = { namespaces, forceBootstrap: false };
  const { id } = await requestDeploy(client, request, randomUUID(), {
    now,
    pause: wait,
    onRetry: (reason) => err.write(`${reason}; retrying\n`),
  });
  const progress = out.isInteractive ? SILENT : openProgress(out, now);
  const ended = awaitRollout(client, id, { deadline: undefined, now, pause: wait, ...progress });
  if (!out.isInteractive) return endOf(await ended);

  const shown = new AbortController();
  const table = watchFleet(client, { io, signal: AbortSignal.any([signal, shown.signal]) });
  const rollout = endOf(await Promise.race([ended, table]));
  await wait(LAST_FRAME_MS);
  shown.abort();
  return rollout;
}

function endOf({ rollout }: { readonly rollout: RolloutView | undefined }): RolloutView {
  if (rollout === undefined) throw new Error('a wait without a deadline ends with the rollout');
  return rollout;
}
