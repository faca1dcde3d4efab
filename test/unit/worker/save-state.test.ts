import { expect, test } from '@jest/globals';
import { decodeSaved, encodeSaved, type SavedContent } from '../../../shared/saved-state/saved-content.ts';
import { keepStateSaved, type SaveParts } from '../../../worker/save-state.ts';
import { silentLog } from '../../support/builders.ts';

const COPY: SavedContent = {
  format: 1,
  prefix: '{skipper}',
  epoch: 'a',
  epochAt: 10,
  saves: 5,
  savedAt: 20,
  hashes: { ':holds': { 'team-a': '{}' } },
  texts: {},
  deploysPaused: false,
  rollouts: [],
  leftOut: [],
  releases: {},
};

/** A Redis in which copies were saved this often, and the copy that is there. */
async function save(saved: number, copy: SavedContent | undefined) {
  let saves = saved;
  const closed: string[] = [];
  const problems: (string | undefined)[] = [];
  const written: SavedContent[] = [];
  const state: Partial<SaveParts['state']> = {
    isSaver: async () => false,
    noteSaved: async () => undefined,
    noteSaveProblem: async (problem) => void problems.push(problem),
    countSave: async () => {
      saves += 1;
      return saves;
    },
    epoch: async () => ({ id: 'a', at: 10 }),
    closeEpoch: async (id) => void closed.push(id),
    savedHashes: async () => ({}),
    savedTexts: async () => ({}),
    openRollouts: async () => [],
    now: () => 30,
  };
  const saver = keepStateSaved({
    state: state as SaveParts['state'],
    deployQueue: { isPaused: async () => false },
    configMap: {
      ref: { namespace: 'skipper', name: 'state' },
      read: async () => copy && { content: decodeSaved(encodeSaved(copy).data), resourceVersion: '1' },
      write: async (data) => void written.push(decodeSaved(data)),
    },
    prefix: '{skipper}',
    log: silentLog,
  });
  await saver.saveNow();
  saver.stop();
  return { closed, problems, written };
}

test.each<[string, number, SavedContent | undefined]>([
  ['no copy', 0, undefined],
  ['the copy before', 5, COPY],
  ['a copy of an earlier epoch', 0, { ...COPY, epoch: 'before', epochAt: 5, saves: 1_000 }],
])('%s is replaced by one that counts once more', async (_what, saved, copy) => {
  const { closed, problems, written } = await save(saved, copy);

  expect(written).toEqual([expect.objectContaining({ epoch: 'a', epochAt: 10, saves: saved + 1 })]);
  expect(problems).toEqual([undefined]);
  expect(closed).toEqual([]);
});

test('a copy that is newer than what Redis has is kept, and the epoch is closed', async () => {
  const { closed, problems, written } = await save(4, COPY);

  expect(written).toEqual([]);
  expect(problems).toEqual(['Redis went back to an older state than the ConfigMap has']);
  expect(closed).toEqual(['a']);
});

test('a copy of a later epoch is kept', async () => {
  const { closed, problems, written } = await save(9, { ...COPY, epoch: 'later', epochAt: 11 });

  expect(written).toEqual([]);
  expect(problems).toEqual(['the ConfigMap has a copy of a later state']);
  expect(closed).toEqual([]);
});
