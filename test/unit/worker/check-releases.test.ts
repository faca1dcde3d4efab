import { expect, test } from '@jest/globals';
import type { Job } from 'bullmq';
import type { NamespaceRecord } from '../../../domain/rollout/namespace-record.ts';
import { releaseKey } from '../../../shared/state/stored-release.ts';
import { checkReleases } from '../../../worker/check-releases.ts';
import { anApplication, aRelease, aSettledSnapshot, OLD_IMAGE } from '../../support/builders.ts';
import { createFakeCore } from '../../support/fake-core.ts';

const HOURS_AGO = Date.now() - 10 * 3_600_000;
const release = aRelease();
const channel = { tag: 'stable', release, problem: undefined, checkedAt: 1, updated: undefined };
const outdated = aSettledSnapshot({ application: anApplication({ image: OLD_IMAGE }) });

function aRecord(handledRelease: string): NamespaceRecord {
  return {
    generation: 1,
    handled: 1,
    lastState: 'failed',
    failures: 1,
    finishedAt: HOURS_AGO,
    release: handledRelease,
    handledRelease,
  } as NamespaceRecord;
}

test('a retry of a failed release is not recorded as a new release', async () => {
  const { core, requested } = createFakeCore({
    namespaces: { failed: outdated, 'failed-with-another': outdated, 'never-asked': outdated },
  });
  const records = new Map([
    ['failed', aRecord(releaseKey(release))],
    ['failed-with-another', aRecord('another')],
  ]);

  await checkReleases({ log: async () => 1 } as unknown as Job, {
    ...core,
    autoupdate: true,
    intervalSeconds: 60,
    releases: { resolve: async () => new Map([['stable', channel]]), problems: () => [] },
    state: {
      ...core.state,
      records: async () => records,
      keepReleases: async () => undefined,
      saveChannels: async () => undefined,
      saveReleaseCheck: async () => undefined,
    },
  });

  expect(requested.map(({ trigger, namespaces }) => [trigger, namespaces])).toEqual([
    ['release', ['failed-with-another', 'never-asked']],
    ['retry', ['failed']],
  ]);
});
