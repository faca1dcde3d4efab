import { describe, expect, test } from '@jest/globals';
import type { StoredAuditEntry } from '../../../../domain/audit/audit-list.ts';
import { allAuditEntries, findAuditEntries } from '../../../../shared/state/find-audit-entries.ts';

/** A log with an entry each second; every tenth is of another person. */
function aLog(size: number) {
  const all = Array.from({ length: size }, (_, index): StoredAuditEntry => {
    const second = size - index;
    return {
      id: `${second * 1000}-0`,
      at: second * 1000,
      kind: 'rollout.paused',
      by: second % 10 === 0 ? 'jo' : 'al',
      reason: `${second}`,
      outcome: 'ok',
    };
  });
  return {
    auditBefore: async (id: string | undefined, limit: number) => {
      const from = id === undefined ? 0 : all.findIndex((each) => each.at < Number(id.split('-')[0]));
      const entries = from < 0 ? [] : all.slice(from, from + limit);
      return { entries, next: entries.length < limit ? undefined : entries.at(-1)?.id };
    },
    rolloutsOf: async () => new Set<string>(),
  };
}

const seconds = (entries: readonly StoredAuditEntry[]) => entries.map(({ at }) => at / 1000);

describe('a page', () => {
  test('is the newest entries, and says where the next begins', async () => {
    const log = aLog(5);
    const first = await findAuditEntries(log, { limit: 2 });
    const second = await findAuditEntries(log, { limit: 2, cursor: first.next });
    const third = await findAuditEntries(log, { limit: 2, cursor: second.next });

    expect(seconds([...first.entries, ...second.entries, ...third.entries])).toEqual([5, 4, 3, 2, 1]);
    expect(third.next).toBeUndefined();
  });

  test('that ends with the last entry has no next one', async () => {
    expect((await findAuditEntries(aLog(2), { limit: 2 })).next).toBeUndefined();
  });

  test('has what fits, however far it is', async () => {
    const { entries, next } = await findAuditEntries(aLog(3_000), { limit: 3, by: 'jo' });

    expect(seconds(entries)).toEqual([3_000, 2_990, 2_980]);
    expect(next).toBeDefined();
  });

  test('can be empty although more follow, if few entries fit', async () => {
    const log = aLog(30_000);
    const { entries, next } = await findAuditEntries(log, { limit: 3, rollout: 'r1' });

    expect(entries).toEqual([]);
    expect(next).toBe('10001000-0');
  });

  test('is between two times', async () => {
    const found = await findAuditEntries(aLog(10), { limit: 50, since: 3_000, until: 6_000 });

    expect(seconds(found.entries)).toEqual([5, 4, 3]);
  });
});

test('an export has everything that fits', async () => {
  const found: StoredAuditEntry[] = [];
  for await (const entry of allAuditEntries(aLog(2_500), { by: 'jo' })) found.push(entry);

  expect(found).toHaveLength(250);
});
