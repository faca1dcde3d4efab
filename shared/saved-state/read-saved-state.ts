import type { Logger } from 'pino';
import type { OpenRolloutState } from '../../domain/deploy/recover-state.ts';
import { messageOf, SkipperError } from '../../domain/errors.ts';
import type { SavedState } from '../rebuild-state.ts';
import type { RestoreCommand } from '../state/scripts.ts';
import type { SavedContent, SavedRollout } from './saved-content.ts';
import type { SavedEpoch } from './saved-epoch.ts';
import type { StateConfigMap } from './state-config-map.ts';

/** What is saved for a Skipper with this prefix; undefined if nothing is. Throws while the ConfigMap cannot be read. */
export async function readSavedState(
  configMap: StateConfigMap | undefined,
  prefix: string,
  log: Logger,
): Promise<SavedState | undefined> {
  const stored = await configMap?.read().catch((error: unknown) => whatIsDamaged(error, log));
  if (stored === undefined) return undefined;
  const { content } = stored;
  if (content.prefix !== prefix) {
    log.warn(
      { ...configMap?.ref, prefix: content.prefix },
      'the state ConfigMap is that of another Skipper: give each its own --state-config-map',
    );
    return undefined;
  }
  return toSavedState(content);
}

/** The epoch of the copy; undefined if nothing that this Skipper can use is saved. Throws while it cannot be read. */
export async function readSavedEpoch(
  configMap: StateConfigMap | undefined,
  prefix: string,
): Promise<SavedEpoch | undefined> {
  const content = (await configMap?.read().catch(unlessDamaged))?.content;
  if (content?.prefix !== prefix) return undefined;
  return { id: content.epoch, at: content.epochAt, saves: content.saves };
}

function unlessDamaged(error: unknown): undefined {
  if (!(error instanceof SkipperError && error.code === 'config_error')) throw error;
}

/** Nothing would ever be deployed again if a damaged copy stopped the rebuild. It is not replaced, either. */
function whatIsDamaged(error: unknown, log: Logger): undefined {
  unlessDamaged(error);
  log.error(
    { reason: messageOf(error) },
    'the state ConfigMap cannot be used: the state is rebuilt without it',
  );
  return undefined;
}

function toSavedState({
  rollouts,
  releases,
  hashes,
  texts,
  deploysPaused,
  savedAt,
  epochAt,
  leftOut,
}: SavedContent): SavedState {
  return {
    rollouts: rollouts.map(toOpenRollout),
    releases: new Map(Object.entries(releases)),
    commands: [
      ...Object.entries(hashes).flatMap(([key, fields]) => restoreHash(key, fields)),
      ...Object.entries(texts).map(([key, text]): RestoreCommand => ['SET', key, text]),
    ],
    deploysPaused,
    savedAt,
    epochAt,
    leftOut,
  };
}

function toOpenRollout({ rollout, status, targets, plans, events }: SavedRollout): OpenRolloutState {
  return {
    rollout,
    status,
    events,
    targets: new Map(Object.entries(targets)),
    plans: new Map(Object.entries(plans)),
  };
}

function restoreHash(key: string, fields: Readonly<Record<string, string>>): RestoreCommand[] {
  return Object.entries(fields).map(([name, value]) => ['HSET', key, name, value]);
}
