import { expect, test } from '@jest/globals';
import type { Job } from 'bullmq';
import { ok } from '../../../domain/release/result.ts';
import type { NamespaceRecord } from '../../../domain/rollout/namespace-record.ts';
import { releaseKey } from '../../../shared/state/stored-release.ts';
import { checkReleases, type ReleaseCheckDependencies } from '../../../worker/check-releases.ts';
import { aConfig, anApplication, aRelease, aSettledSnapshot, OLD_IMAGE } from '../../support/builders.ts';
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

function check(
  core: ReturnType<typeof createFakeCore>['core'],
  records: Map<string, NamespaceRecord>,
  readConfig: ReleaseCheckDependencies['readConfig'],
) {
  return checkReleases({ log: async () => 1 } as unknown as Job, {
    ...core,
    autoupdate: true,
    heal: 'report',
    policy: { current: () => ({}) },
    intervalSeconds: 60,
    releases: { resolve: async () => new Map([['stable', channel]]), problems: () => [] },
    readConfig,
    state: {
      ...core.state,
      records: async () => records,
      holds: async () => new Map(),
      ignoredReleases: async () => new Map(),
      openRollouts: async () => [],
      channelPasts: async () => new Map(),
      saveChannelPasts: async () => undefined,
      keepReleases: async () => undefined,
      saveChannels: async () => undefined,
      notePublications: async () => undefined,
      saveReleaseCheck: async () => undefined,
    },
  });
}

test('a retry of a failed release is not recorded as a new release', async () => {
  const { core, requested } = createFakeCore({
    namespaces: { failed: outdated, 'failed-with-another': outdated, 'never-asked': outdated },
  });
  const records = new Map([
    ['failed', aRecord(releaseKey(release))],
    ['failed-with-another', aRecord('another')],
  ]);

  await check(core, records, () => Promise.reject(new Error('nothing is read')));

  expect(requested.map(({ trigger, namespaces }) => [trigger, namespaces])).toEqual([
    ['release', ['failed-with-another', 'never-asked']],
    ['retry', ['failed']],
  ]);
});

test('a failure in a former namespace with the same name delays nothing', async () => {
  const { core, requested } = createFakeCore({
    namespaces: { again: { ...outdated, config: ok(aConfig({ createdAt: Date.now() })) } },
  });
  const former = { ...aRecord(releaseKey(release)), finishedAt: Date.now() - 1_000 };

  await check(core, new Map([['again', former]]), () => Promise.reject(new Error('nothing is read')));

  expect(requested).toMatchObject([{ trigger: 'release', namespaces: ['again'] }]);
});

test('a ConfigMap that the watch shows older than the last request saw it is left to the next check', async () => {
  const versions = {
    lagging: { watch: '99', request: '100', server: '100' },
    restored: { watch: '99', request: '100', server: '99' },
    unanswered: { watch: '99', request: '100', server: undefined },
    'up-to-date': { watch: '100', request: '100', server: undefined },
    changed: { watch: '101', request: '100', server: undefined },
    unknown: { watch: '99', request: '', server: undefined },
  };
  const configOf = (resourceVersion: string) => ok(aConfig({ resourceVersion }));
  const entries = Object.entries(versions);
  const { core, requested } = createFakeCore({
    namespaces: Object.fromEntries(
      entries.map(([name, { watch }]) => [name, { ...outdated, config: configOf(watch) }]),
    ),
  });
  const records = new Map(
    entries.map(([name, { request: configVersion }]) => [name, { ...aRecord('another'), configVersion }]),
  );
  const read: string[] = [];

  await check(core, records, async (name) => {
    read.push(name);
    const server = entries.find(([each]) => each === name)?.[1].server;
    if (server === undefined) throw new Error('no answer');
    return configOf(server);
  });

  expect(read).toEqual(['lagging', 'restored', 'unanswered']);
  expect(requested[0]?.namespaces).toEqual(['changed', 'restored', 'unknown', 'up-to-date']);
});
