import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { WatchState } from '../../../shared/kubernetes/watch-books.ts';
import { LEASE_MS } from '../../../shared/lease-ms.ts';
import { createRebuild, type RebuildParts, type SavedState } from '../../../shared/rebuild-state.ts';
import type { Epoch } from '../../../shared/state/epoch.ts';
import type { LeftBehind } from '../../../shared/state/epochs.ts';
import { silentLog } from '../../support/builders.ts';
import { createFakeCluster } from '../../support/fake-core.ts';

const NOTHING_SAVED = async () => undefined;

function aRebuild(overrides: Partial<RebuildParts> = {}) {
  const opened: Epoch[] = [];
  const events: string[] = [];
  let claimed: string | undefined;
  let leftBehind = async (): Promise<LeftBehind> => 'nothing';
  const state: RebuildParts['state'] = {
    epoch: async () => opened.at(-1),
    requireEpoch: async () => undefined,
    checkEpoch: async () => ({ epoch: opened.at(-1), saves: 0, isOlder: false }),
    closeEpoch: async () => undefined,
    leftBehind: () => leftBehind(),
    sweep: async (token, keep) => {
      events.push(`sweep, except ${keep.join()}`);
      return token === claimed;
    },
    claimRebuild: async (token) => {
      if (claimed !== undefined) return false;
      claimed = token;
      return true;
    },
    endRebuild: async () => {
      claimed = undefined;
    },
    restore: async (token) => token === claimed,
    openEpoch: async (token, epoch) => {
      if (token !== claimed) return false;
      opened.push(epoch);
      return true;
    },
    audit: async (entries) => void events.push(...entries.map(({ kind }) => kind)),
    now: () => 1,
  };
  const parts: RebuildParts = {
    state,
    cluster: createFakeCluster({ 'team-a': {} }),
    readSaved: NOTHING_SAVED,
    isSavedOff: false,
    pauseDeploys: async () => void events.push('deploys paused'),
    repair: async () => void events.push('repair'),
    rolloutTtlSeconds: 60,
    log: silentLog,
    ...overrides,
  };
  return {
    rebuild: createRebuild(parts),
    opened,
    events,
    flush: () => {
      claimed = undefined;
    },
    /** An older Skipper has filled Redis; `meanwhile` happens just after that was read. */
    fill: (meanwhile: () => void = () => undefined) => {
      leftBehind = async () => {
        meanwhile();
        return 'records';
      };
    },
    goBack: () => {
      leftBehind = async () => 'older-state';
    },
  };
}

const SAVED: SavedState = {
  rollouts: [],
  releases: new Map(),
  commands: [],
  deploysPaused: true,
  savedAt: 1,
  epochAt: 0,
  leftOut: [],
};

const WATCH: WatchState & { readonly name: string } = {
  name: 'pods',
  synced: true,
  position: '1',
  lastHeardAt: 1,
  relists: 1,
  problem: undefined,
  refused: false,
};

describe('the rebuild of the state', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('of a new installation opens the epoch at once', async () => {
    const { rebuild, opened, events } = aRebuild();

    expect(await rebuild({ seenAt: undefined })).toBeUndefined();

    expect(opened).toEqual([{ id: expect.any(String), at: 1 }]);
    expect(events).toEqual([]);
  });

  test.each<[string, boolean, Partial<RebuildParts>]>([
    ['this process has known an epoch', true, {}],
    ['something is saved', false, { readSaved: async () => SAVED }],
  ])('waits until leases from before have expired if %s', async (_what, isLost, overrides) => {
    const { rebuild, opened, events } = aRebuild(overrides);
    const done = rebuild({ seenAt: isLost ? 1 : undefined });

    await jest.advanceTimersByTimeAsync(LEASE_MS);
    expect(opened).toEqual([]);
    await jest.advanceTimersByTimeAsync(1_000);

    expect(await done).toBeUndefined();
    expect(opened).toEqual([
      expect.objectContaining({
        rebuilt: expect.objectContaining({ namespaces: 0, rollouts: 0, interrupted: 0 }),
      }),
    ]);
    expect(events).toEqual(expect.arrayContaining(['state.rebuilt', 'repair']));
    expect(events.includes('deploys paused')).toBe(!isLost);
  });

  test('starts again if Redis loses its data once more meanwhile', async () => {
    const { rebuild, opened, flush } = aRebuild();
    const done = rebuild({ seenAt: 1 });

    await jest.advanceTimersByTimeAsync(LEASE_MS / 2);
    flush();
    await jest.advanceTimersByTimeAsync(LEASE_MS);

    expect(await done).toBe('another process rebuilds the state');
    expect(opened).toEqual([]);
  });

  test.each<[string, Partial<RebuildParts>, string[], object]>([
    [
      'without a copy, except holds',
      {},
      ['sweep, except :holds,:ignored-releases', 'state.rebuilt', 'repair'],
      { copy: 'none' },
    ],
    [
      'before the pause of the deploy queue is restored',
      { readSaved: async () => SAVED },
      ['sweep, except ', 'deploys paused', 'state.rebuilt', 'repair'],
      { copy: 'current' },
    ],
  ])('of an older state waits, and deletes it: %s', async (_what, parts, expected, rebuilt) => {
    const { rebuild, opened, events, goBack } = aRebuild(parts);
    goBack();
    const done = rebuild({ seenAt: undefined });

    await jest.advanceTimersByTimeAsync(LEASE_MS);
    expect(events).toEqual([]);
    await jest.advanceTimersByTimeAsync(1_000);
    await done;

    expect(events).toEqual(expected);
    expect(opened).toEqual([
      expect.objectContaining({ rebuilt: expect.objectContaining({ wentBack: true, ...rebuilt }) }),
    ]);
  });

  test('of what an older Skipper has filled opens the epoch, unless Redis loses its data meanwhile', async () => {
    const [filled, lost] = [aRebuild(), aRebuild()];
    filled.fill();
    lost.fill(lost.flush);

    expect(await filled.rebuild({ seenAt: undefined })).toBeUndefined();
    expect(filled.opened).toHaveLength(1);
    expect(await lost.rebuild({ seenAt: undefined })).toBe('another process rebuilds the state');
    expect(lost.opened).toEqual([]);
  });

  test('waits for the cluster, and for another process', async () => {
    const unread = aRebuild({ cluster: { ...createFakeCluster({}), isSynced: () => false } });
    const { rebuild } = aRebuild();
    void rebuild({ seenAt: 1 });

    expect(await unread.rebuild({ seenAt: undefined })).toBe('the cluster has not been read yet');
    expect(await rebuild({ seenAt: 1 })).toBe('another process rebuilds the state');
  });

  test('does not begin, and does not end, while a watch is broken: the cluster would be an old one', async () => {
    let watches: readonly (WatchState & { readonly name: string })[] = [];
    const cluster = {
      ...createFakeCluster({}),
      watches: () => watches,
    };
    const { rebuild, opened } = aRebuild({ cluster });
    const failed = expect(rebuild({ seenAt: 1 })).rejects.toThrow('the watch of pods is broken: no route');
    watches = [{ ...WATCH, problem: 'no route' }];
    await jest.advanceTimersByTimeAsync(LEASE_MS + 1_000);
    await failed;

    expect(await rebuild({ seenAt: 1 })).toBe('the watch of pods is broken: no route');
    expect(opened).toEqual([]);

    watches = [{ ...WATCH, name: 'applications', problem: 'forbidden', refused: true }];
    expect(await rebuild({ seenAt: 1 })).toBe('the watch of applications is broken: forbidden');
    watches = [{ ...WATCH, problem: 'forbidden', refused: true }];
    const done = rebuild({ seenAt: 1 });
    await jest.advanceTimersByTimeAsync(LEASE_MS + 1_000);
    expect(await done).toBeUndefined();
    expect(opened).toHaveLength(1);
  });

  test('is tried again if what is saved cannot be read', async () => {
    let isReadable = false;
    const { rebuild, opened } = aRebuild({
      readSaved: async () => {
        if (!isReadable) throw new Error('connection refused');
        return undefined;
      },
    });
    await expect(rebuild({ seenAt: undefined })).rejects.toThrow('connection refused');
    isReadable = true;

    expect(await rebuild({ seenAt: undefined })).toBeUndefined();
    expect(opened).toHaveLength(1);
  });
});
