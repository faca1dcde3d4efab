import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBegunLedger } from '../../../../shared/kubernetes/begun-ledger.ts';
import { addId, hasId, newIdSet, removeId } from '../../../../shared/kubernetes/id-set.ts';

const anApp = (deploymentId: string | undefined, writtenAt = 100, name = 'shop') => ({
  namespace: 'team-a',
  name,
  deploymentId,
  writtenAt,
});
const aStatus = (deploymentId: string, createdAt = 101) => ({ namespace: 'team-a', deploymentId, createdAt });

describe('createBegunLedger', () => {
  test('an id without a status is not begun, in whatever order the two watches show them', () => {
    const ledger = createBegunLedger();
    ledger.putApplication(anApp('1'));
    expect(ledger.unbegunIn('team-a')).toEqual({
      application: 'shop',
      deploymentId: '1',
      since: 100,
      count: 1,
    });
    ledger.putStatus(aStatus('1'));
    expect(ledger.unbegunIn('team-a')).toBeUndefined();

    ledger.putStatus(aStatus('2', 201));
    ledger.putApplication(anApp('2', 200));
    expect(ledger.unbegunIn('team-a')).toBeUndefined();
  });

  test('shows the Application that has waited longest, of its own namespace only', () => {
    const ledger = createBegunLedger();
    ledger.putApplication(anApp('2', 200, 'later'));
    ledger.putApplication(anApp('1', 100, 'first'));
    ledger.putApplication({ ...anApp('3', 50), namespace: 'team-b' });

    expect(ledger.unbegunIn('team-a')).toEqual({
      application: 'first',
      deploymentId: '1',
      since: 100,
      count: 2,
    });
  });

  test('an id waits since it was written first', () => {
    const ledger = createBegunLedger();
    ledger.putApplication(anApp('1', 100));
    ledger.putApplication(anApp('1', 300));
    expect(ledger.unbegunIn('team-a')?.since).toBe(100);
    ledger.putApplication(anApp('2', 300));
    expect(ledger.unbegunIn('team-a')).toMatchObject({ deploymentId: '2', since: 300 });
  });

  test('an Application that is gone, or is not to be deployed, does not wait', () => {
    const ledger = createBegunLedger();
    ledger.putApplication(anApp('1'));
    ledger.removeApplication('team-a', 'shop');
    expect(ledger.unbegunIn('team-a')).toBeUndefined();
    ledger.putApplication(anApp('1'));
    ledger.putApplication(anApp(undefined));
    expect(ledger.unbegunIn('team-a')).toBeUndefined();
  });

  test('an FDD that has begun something since hears, also if that status was deleted', () => {
    const ledger = createBegunLedger();
    ledger.putApplication(anApp('1', 100));
    ledger.putStatus(aStatus('other', 100));
    expect(ledger.unbegunIn('team-a')).toBeDefined();
    ledger.putStatus(aStatus('another', 101));
    expect(ledger.unbegunIn('team-a')).toBeUndefined();
    ledger.removeStatus('team-a', 'another');
    expect(ledger.unbegunIn('team-a')).toBeUndefined();
    ledger.putApplication(anApp('2', 102, 'new'));
    expect(ledger.unbegunIn('team-a')).toMatchObject({ application: 'new', count: 1 });
  });

  test('a status that is deleted counts no more', () => {
    const ledger = createBegunLedger();
    ledger.putStatus(aStatus('1', 50));
    ledger.removeStatus('team-a', '1');
    ledger.removeStatus('team-a', 'unknown');
    ledger.putApplication(anApp('1', 100));

    expect(ledger.unbegunIn('team-a')).toMatchObject({ deploymentId: '1' });
  });

  test('a new list replaces what was known before', () => {
    const ledger = createBegunLedger();
    ledger.listingStatuses();
    ledger.putStatus(aStatus('gone', 10));
    ledger.putStatus(aStatus('kept', 90));
    ledger.listedStatuses();
    ledger.putApplication(anApp('1', 100));
    ledger.putApplication(anApp('2', 100, 'deleted'));

    ledger.listingStatuses();
    ledger.putStatus(aStatus('kept', 20));
    ledger.listedStatuses();
    ledger.listingApplications();
    ledger.putApplication(anApp('1', 100));
    ledger.listedApplications();

    expect(ledger.unbegunIn('team-a')).toMatchObject({ application: 'shop', count: 1 });
    ledger.putApplication(anApp('kept', 100, 'deleted'));
    expect(ledger.unbegunIn('team-a')?.count).toBe(1);
    ledger.putApplication(anApp('gone', 100, 'deleted'));
    expect(ledger.unbegunIn('team-a')?.count).toBe(2);
    // Heard at 90, which the second list does not show any more.
    ledger.putApplication(anApp('gone', 89, 'deleted'));
    ledger.putApplication(anApp('older', 89, 'deleted'));
    expect(ledger.unbegunIn('team-a')?.count).toBe(1);
  });

  test('while a list is read, both the old state and what was read count', () => {
    const ledger = createBegunLedger();
    ledger.putStatus(aStatus('old', 10));
    ledger.listingStatuses();
    ledger.putStatus(aStatus('new', 20));
    ledger.putApplication(anApp('old', 100));
    ledger.putApplication(anApp('new', 100, 'other'));

    expect(ledger.unbegunIn('team-a')).toBeUndefined();
  });
});

test('a set of ids contains what was added and not removed', () => {
  const step = fc.record({ add: fc.boolean(), id: fc.stringMatching(/^[a-f]{1,2}$/) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ids = newIdSet();
      const model = new Set<string>();
      for (const { add, id } of steps) {
        if (add) {
          addId(ids, id);
          model.add(id);
        } else {
          removeId(ids, id);
          model.delete(id);
        }
        expect(ids.size).toBe(model.size);
        expect(steps.filter((each) => hasId(ids, each.id) !== model.has(each.id))).toEqual([]);
      }
    }),
  );
});
