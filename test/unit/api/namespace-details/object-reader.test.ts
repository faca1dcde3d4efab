import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { boundWork } from '../../../../api/bound-work.ts';
import { openObjectReader } from '../../../../api/namespace-details/object-reader.ts';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import type { KubernetesClient } from '../../../../shared/kubernetes/client.ts';
import { aFleetRow } from '../../../support/builders.ts';
import { createFakeCore } from '../../../support/fake-core.ts';
import { aFakeView } from '../../../support/fake-view.ts';

const LISTS_OF_A_READING = 6;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A reader of namespaces on an API server that counts lists, and answers when a test says so. */
function open(namespaces: readonly string[] = ['team-a'], bounds = { atOnce: 2, waiting: 2 }) {
  const lists = { made: 0, inFlight: 0, most: 0 };
  const held: (() => void)[] = [];
  const request = async () => {
    lists.made += 1;
    lists.inFlight += 1;
    lists.most = Math.max(lists.most, lists.inFlight);
    await new Promise<void>((resolve) => held.push(resolve));
    lists.inFlight -= 1;
    return { items: [] };
  };
  let row: FleetRow = aFleetRow();
  const fake = createFakeCore({ namespaces: Object.fromEntries(namespaces.map((name) => [name, {}])) });
  const reader = openObjectReader(
    {
      ...fake.core,
      releases: { resolve: async () => new Map(), problems: () => [] },
      client: { request } as unknown as KubernetesClient,
      view: aFakeView({ row: () => row }),
    },
    boundWork({ what: 'readings of objects', ...bounds }),
  );
  async function answerAll(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) {
      for (const answer of held.splice(0)) answer();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return {
    reader,
    lists,
    answerAll,
    change: () => {
      row = aFleetRow();
    },
  };
}

describe('reading the objects of a namespace', () => {
  test('is done once for all who ask at the same time, and within the next second', async () => {
    const { reader, lists, answerAll } = open();

    const asked = Array.from({ length: 100 }, () => reader.read('team-a'));
    await answerAll();
    const answers = await Promise.all(asked);
    jest.advanceTimersByTime(999);
    await reader.read('team-a');

    expect(lists.made).toBe(LISTS_OF_A_READING);
    expect(new Set(answers).size).toBe(1);

    jest.advanceTimersByTime(1);
    void reader.read('team-a');
    await answerAll();
    expect(lists.made).toBe(2 * LISTS_OF_A_READING);
  });

  test('is done again for those who ask after the namespace has changed', async () => {
    const { reader, lists, answerAll, change } = open();

    const before = reader.read('team-a');
    change();
    const after = reader.read('team-a');
    await answerAll();

    expect(await before).not.toBe(await after);
    expect(lists.made).toBe(2 * LISTS_OF_A_READING);
  });

  test('is done for few namespaces at once; the others wait, and more are refused', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const { reader, lists, answerAll } = open(names);

    const readings = names.map((name) => reader.read(name));
    const refused = expect(readings[4]).rejects.toMatchObject({ status: 429, code: 'too_many_requests' });
    await answerAll();
    await Promise.all(readings.slice(0, 4));
    await refused;

    expect(lists.most).toBe(2 * LISTS_OF_A_READING);
    expect(lists.made).toBe(4 * LISTS_OF_A_READING);
    void reader.read('e');
    await answerAll();
    expect(lists.made).toBe(5 * LISTS_OF_A_READING);
  });
});
