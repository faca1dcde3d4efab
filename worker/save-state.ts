import { hostname } from 'node:os';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { messageOf, SkipperError } from '../domain/errors.ts';
import type { Release } from '../domain/release/release.ts';
import type { RolloutTarget } from '../domain/rollout/rollout.ts';
import { pause } from '../shared/pause.ts';
import { COPY_CURRENT_MS } from '../shared/saved-state/copy-current-ms.ts';
import { encodeSaved, type SavedContent, type SavedRollout } from '../shared/saved-state/saved-content.ts';
import type { StateConfigMap, StoredCopy } from '../shared/saved-state/state-config-map.ts';
import type { Epoch } from '../shared/state/epoch.ts';
import type { Epochs } from '../shared/state/epochs.ts';
import type { Records } from '../shared/state/records.ts';
import type { RolloutControl } from '../shared/state/rollout-control.ts';
import type { Saveable } from '../shared/state/saveable.ts';

const LOOK_EVERY_MS = 2_000;
/** The cluster shows what became of targets: it needs not be saved at once. */
const PROGRESS_EVERY_MS = 10_000;
/** Even if nothing has changed: a copy that is older could not be replaced. */
const SAVE_EVERY_MS = COPY_CURRENT_MS / 2;
const CONFLICTS = 5;
/** A rollout that begins does not wait longer for its copy. */
const LONGEST_WAIT_MS = 2_000;
const EVENTS_SAVED = 50;

export interface SaveParts {
  readonly state: Saveable &
    Pick<Epochs, 'epoch' | 'closeEpoch'> &
    Pick<RolloutControl, 'openRollouts' | 'knownRollout' | 'rolloutEvents' | 'now'> &
    Pick<Records, 'release'>;
  readonly deployQueue: Pick<Queue, 'isPaused'>;
  /** Undefined if nothing is saved. */
  readonly configMap: StateConfigMap | undefined;
  readonly prefix: string;
  readonly log: Logger;
}

/** Saves what must survive a loss of Redis, whenever it has changed. */
export interface StateSaver {
  /** Saves now, so that a rollout is known before it changes anything; gives up after a while, and never throws. */
  saveNow(): Promise<void>;
  stop(): void;
}

export function keepStateSaved(parts: SaveParts): StateSaver {
  const { configMap, log } = parts;
  if (configMap === undefined) {
    log.info('holds and rollouts are not saved outside of Redis: set --state-config-map');
    return { saveNow: async () => undefined, stop: () => undefined };
  }
  return keepSaved({ ...parts, configMap });
}

function keepSaved(parts: CompleteParts): StateSaver {
  const { state, log } = parts;
  const stopping = new AbortController();
  const worker = `${hostname()}-${process.pid}`;
  let saved = { decisions: '', progress: '', at: Number.NEGATIVE_INFINITY };
  let saving: Promise<unknown> | undefined;
  const logProblem = reportOnce(log);

  function report(problem: string | undefined): void {
    logProblem(problem);
    state
      .noteSaveProblem(problem)
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'not noted'));
  }

  async function look(): Promise<void> {
    if (!(await state.isSaver(worker))) return;
    const marks = await state.saveMarks();
    const age = performance.now() - saved.at;
    const isDue = age >= (marks.progress === saved.progress ? SAVE_EVERY_MS : PROGRESS_EVERY_MS);
    if (marks.decisions === saved.decisions && !isDue) return;
    await save();
    saved = { ...marks, at: performance.now() };
  }

  async function save(): Promise<void> {
    report(await saveState(parts));
  }

  /**
   * Those that come together share one copy, but not one that was begun before. Another worker can be the one that looks for
   * changes, and a rollout that has ended by then has left no mark: without the note, its copy would stay.
   */
  async function saveNow(): Promise<void> {
    await saving?.catch(() => undefined);
    saving ??= Promise.all([save(), state.noteSaved()]).finally(() => {
      saving = undefined;
    });
    await saving;
  }

  async function keep(): Promise<void> {
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) => report(messageOf(error)));
      await pause(LOOK_EVERY_MS, { signal: stopping.signal, ref: false });
    }
  }

  void keep();
  return {
    saveNow: () =>
      Promise.race([
        saveNow().catch((error: unknown) => report(messageOf(error))),
        pause(LONGEST_WAIT_MS, { ref: false }),
      ]),
    stop: () => stopping.abort(),
  };
}

/** Logs each problem once, until it has changed. */
function reportOnce(log: Logger): (problem: string | undefined) => void {
  let last: string | undefined;
  return (problem) => {
    if (problem !== undefined && problem !== last)
      log.warn({ reason: problem }, 'what must survive a loss of Redis could not be saved completely');
    last = problem;
  };
}

type CompleteParts = SaveParts & { readonly configMap: StateConfigMap };

/** Returns what was not saved, for the log. A worker that has read an older state gives way to one that has saved a newer one. */
async function saveState(parts: CompleteParts): Promise<string | undefined> {
  for (let conflict = 0; conflict < CONFLICTS; conflict += 1) {
    const replaced = await parts.configMap.read();
    const read = await readWhole(parts);
    // Redis lost its data meanwhile: a good copy must not be replaced by its emptiness.
    if (read === undefined) return undefined;
    const { content, epoch } = read;
    if (replaced && isOlderCopy(content, replaced.content)) {
      await parts.state.closeEpoch(epoch.id);
      return 'Redis went back to an older state than the ConfigMap has';
    }
    const refusal = whyKept(replaced, epoch, parts.prefix);
    if (refusal !== undefined) return refusal;
    const { data, leftOut } = encodeSaved(content);
    try {
      await parts.configMap.write(data, replaced);
      return leftOut.length === 0 ? undefined : `too large, left out: ${leftOut.join(', ')}`;
    } catch (error) {
      if (!(error instanceof SkipperError && error.code === 'conflict')) throw error;
    }
  }
  return 'other workers save all the time';
}

/** Each copy of an epoch counts once more. */
function isOlderCopy({ prefix, epoch, saves }: SavedContent, replaced: SavedContent): boolean {
  return prefix === replaced.prefix && epoch === replaced.epoch && saves <= replaced.saves;
}

function whyKept(replaced: StoredCopy | undefined, epoch: Epoch, prefix: string): string | undefined {
  if (replaced === undefined) return undefined;
  const { content } = replaced;
  if (content.prefix !== prefix) return `the ConfigMap is that of another Skipper (${content.prefix})`;
  // What is open is that of an older state, as the next check finds, or that of a Redis that is not used any more.
  if (content.epoch !== epoch.id && content.epochAt > epoch.at)
    return 'the ConfigMap has a copy of a later state';
  const isKnown = content.epoch === epoch.id || epoch.hasReadSaved !== false;
  return isKnown
    ? undefined
    : 'the ConfigMap has a copy that the state was not rebuilt from: give all processes the same --state-config-map';
}

/** Undefined unless all was read in one epoch. */
async function readWhole({
  state,
  deployQueue,
  prefix,
}: SaveParts): Promise<{ readonly content: SavedContent; readonly epoch: Epoch } | undefined> {
  const epoch = await state.epoch();
  if (epoch === undefined) return undefined;
  const saves = await state.countSave();
  // Before anything is read: what is requested meanwhile is newer than the copy.
  const savedAt = state.now();
  const hashes = await state.savedHashes();
  const texts = await state.savedTexts();
  const deploysPaused = await deployQueue.isPaused();
  const rollouts: SavedRollout[] = [];
  for (const id of await state.openRollouts()) {
    const rollout = await readRollout(id, state);
    if (rollout) rollouts.push(rollout);
  }
  const releases = await readReleases(rollouts, state);
  if ((await state.epoch())?.id !== epoch.id) return undefined;
  const content = {
    format: 1 as const,
    prefix,
    epoch: epoch.id,
    epochAt: epoch.at,
    saves,
    savedAt,
    hashes,
    texts,
    deploysPaused,
    rollouts,
    leftOut: [],
    releases,
  };
  return { content, epoch };
}

async function readRollout(id: string, state: SaveParts['state']): Promise<SavedRollout | undefined> {
  const known = await state.knownRollout(id);
  if (known === undefined) return undefined;
  const { rollout, status, targets, plans } = known;
  const events = await state.rolloutEvents(id);
  return {
    rollout,
    status,
    targets: Object.fromEntries([...targets].map(([name, target]) => [name, withoutDetails(target)])),
    plans: Object.fromEntries(plans),
    events: events.slice(0, EVENTS_SAVED),
  };
}

/** Log lines are for people; a copy has no room for them. */
function withoutDetails({ details: _details, warnings: _warnings, ...target }: RolloutTarget): RolloutTarget {
  return target;
}

async function readReleases(
  rollouts: readonly SavedRollout[],
  state: Pick<Records, 'release'>,
): Promise<Record<string, Release>> {
  const plans = rollouts.flatMap((rollout) => Object.values(rollout.plans));
  const keys = new Set(
    plans.flatMap(({ release, previous }) => (previous ? [release, previous] : [release])),
  );
  const releases: Record<string, Release> = {};
  for (const key of keys) {
    const release = await state.release(key);
    if (release) releases[key] = release;
  }
  return releases;
}
