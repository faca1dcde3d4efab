import { describe, expect, test } from '@jest/globals';
import type { Job } from 'bullmq';
import type { NamespaceSnapshot } from '../../../domain/cluster/observed.ts';
import { SkipperError } from '../../../domain/errors.ts';
import { invalid, ok } from '../../../domain/release/result.ts';
import type { NamespaceRecord } from '../../../domain/rollout/namespace-record.ts';
import type { RolloutPolicy } from '../../../domain/rollout/rollout-policy.ts';
import { Strategy } from '../../../domain/rollout/strategy.ts';
import type { DeployQueue } from '../../../shared/deploy-jobs.ts';
import { createDeployService, type DeployServiceOptions } from '../../../shared/deploy-service.ts';
import { createMetrics } from '../../../shared/metrics.ts';
import type { Channel } from '../../../shared/releases/release-source.ts';
import type { DeployAnswer, DeployRequest } from '../../../shared/state/deploy-request.ts';
import {
  aConfig,
  aDeployment,
  aRelease,
  aRollout,
  aSettledSnapshot,
  FOREIGN_ID,
  silentLog,
  VERSION,
} from '../../support/builders.ts';
import { createFakeCluster } from '../../support/fake-core.ts';

const STABLE: Channel = {
  tag: 'stable',
  release: aRelease({ version: 'v2' }),
  problem: undefined,
  checkedAt: 1,
  updated: undefined,
};
const CANARY: Channel = { ...STABLE, tag: 'canary', release: aRelease({ version: 'v3' }) };
const COMMAND = { forceBootstrap: false, trigger: 'api', requestedBy: 'test' } as const;

interface World {
  readonly namespaces?: Readonly<Record<string, Partial<NamespaceSnapshot>>>;
  readonly answer?: DeployAnswer;
  readonly channel?: Channel;
  readonly state?: Partial<DeployServiceOptions['state']>;
  readonly policy?: RolloutPolicy;
  readonly selectNamespaces?: DeployServiceOptions['selectNamespaces'];
  readonly addBulk?: () => Promise<never[]>;
  /** What the cluster has, where that differs from what the watch shows. */
  readonly readConfig?: DeployServiceOptions['readConfig'];
}

const TWO_TEAMS = { 'team-a': {}, 'team-b': {} };

/** A service on a cluster with `team-a` and `team-b`, whose desired state accepts everything. */
function open({
  namespaces = TWO_TEAMS,
  answer,
  channel = STABLE,
  state,
  addBulk,
  readConfig,
  policy = {},
  selectNamespaces = async () => new Set<string>(),
}: World = {}) {
  const cluster = createFakeCluster(namespaces);
  const requests: DeployRequest[] = [];
  const resolved: string[] = [];
  const queued: string[] = [];
  const service = createDeployService({
    cluster,
    policy: { current: () => policy },
    selectNamespaces,
    rolloutQueue: { add: async () => ({}) as Job },
    readConfig: readConfig ?? (async (namespace) => cluster.snapshot(namespace).config),
    releases: {
      problems: () => [],
      resolve: async (tags) => {
        resolved.push(...tags);
        const all = [channel, CANARY];
        return new Map(all.filter(({ tag }) => [...tags].includes(tag)).map((each) => [each.tag, each]));
      },
    },
    state: {
      request: async (request) => {
        requests.push(request);
        const targets = request.targets.map(({ namespace, release }) => ({
          namespace,
          ...(release ? { generation: 1, jobId: `${namespace}.1` } : {}),
          coalesced: false,
          backoff: false,
        }));
        return answer ?? { kind: 'accepted', targets };
      },
      rollout: async () => undefined,
      openRollouts: async () => [],
      makeDue: async () => undefined,
      record: async () => undefined,
      records: async () => new Map(),
      release: async () => undefined,
      dirty: async () => [],
      noteChannels: async () => undefined,
      endOrphans: async () => 0,
      holds: async () => new Map(),
      ...state,
    },
    queue: {
      addBulk: async (jobs: readonly { data: { namespace: string } }[]) => {
        await addBulk?.();
        queued.push(...jobs.map(({ data }) => data.namespace));
      },
      getJob: async () => undefined,
      getDeduplicationJobId: async (namespace: string) => (namespace === 'lost' ? 'lost.1' : null),
      removeDeduplicationKey: async () => 1,
    } as unknown as DeployQueue,
    metrics: createMetrics(),
    log: silentLog,
    manageRbac: true,
  });
  return { service, requests, resolved, queued };
}

describe('request', () => {
  test('freezes the release of each namespace, and queues its job', async () => {
    const { service, requests, resolved, queued } = open();

    const { rollout, targets, replayed } = await service.request(COMMAND);

    expect(requests[0]?.targets).toMatchObject([
      { namespace: 'team-a', release: { version: 'v2' }, target: { state: 'pending', version: 'v2' } },
      { namespace: 'team-b', release: { version: 'v2' } },
    ]);
    expect(new Set(resolved)).toEqual(new Set(['stable']));
    expect(queued).toEqual(['team-a', 'team-b']);
    expect(rollout).toMatchObject({ trigger: 'api', releases: [{ channel: 'stable', version: 'v2' }] });
    expect([...targets]).toMatchObject([
      ['team-a', { state: 'pending', jobId: 'team-a.1' }],
      ['team-b', { state: 'pending', jobId: 'team-b.1' }],
    ]);
    expect(replayed).toBe(false);
  });

  test('lists a namespace that cannot be read, and queues nothing for it', async () => {
    const { service, queued } = open({ namespaces: { bad: { config: invalid('no YAML') }, good: {} } });

    const { targets } = await service.request(COMMAND);

    expect(targets.get('bad')).toMatchObject({ state: 'failed', code: 'config_error' });
    expect(queued).toEqual(['good']);
  });

  test('fails as a whole if one of its namespaces does not exist', async () => {
    const { service, requests } = open();

    await expect(service.request({ ...COMMAND, namespaces: ['team-a', 'nowhere'] })).rejects.toMatchObject({
      field: 'namespaces',
      values: ['nowhere'],
    });
    expect(requests).toEqual([]);
  });

  test('lists as cancelled what nothing is deployed to, also if it has left the fleet', async () => {
    const { service, requests, resolved } = open();

    const { targets } = await service.request({
      ...COMMAND,
      namespaces: ['team-a'],
      releases: new Map([['team-a', aRelease({ version: 'v1' })]]),
      cancelled: new Map([['gone', 'it has left']]),
    });

    expect(targets.get('gone')).toMatchObject({ state: 'cancelled', reason: 'it has left' });
    expect(requests[0]?.targets).toMatchObject([
      { namespace: 'team-a', release: { version: 'v1' } },
      { namespace: 'gone', release: undefined },
    ]);
    expect(resolved).toEqual([]);
  });

  test('uses the last requested release if sameRelease is set', async () => {
    const record = { release: 'key' } as NamespaceRecord;
    const { service, requests, resolved } = open({
      state: {
        records: async () => new Map([['team-a', record]]),
        release: async (key) => (key === 'key' ? aRelease({ version: 'v1' }) : undefined),
      },
    });

    await service.request({ ...COMMAND, sameRelease: true });

    expect(requests[0]?.targets).toMatchObject([
      { namespace: 'team-a', release: { version: 'v1' } },
      { namespace: 'team-b', release: { version: 'v2' } },
    ]);
    expect(resolved).toEqual(['stable']);
  });

  test('does not use what was requested for a former namespace with the same name', async () => {
    const former = { release: 'key', generation: 1, handled: 1, finishedAt: 1_000 } as NamespaceRecord;
    const { service, requests } = open({
      namespaces: { 'team-a': { config: ok(aConfig({ createdAt: 2_000 })) } },
      state: {
        records: async () => new Map([['team-a', former]]),
        release: async () => aRelease({ version: 'v1' }),
      },
    });

    await service.request({ ...COMMAND, namespaces: ['team-a'], sameRelease: true });

    expect(requests[0]?.targets).toMatchObject([{ namespace: 'team-a', release: { version: 'v2' } }]);
  });

  test('changes no release if it repairs, whatever the channels are at', async () => {
    const { service, requests, resolved } = open();
    const repair = { means: 'deploy', rule: 'no-deployment', evidence: 'it was deleted' } as const;

    await service.request({
      ...COMMAND,
      sameRelease: true,
      releases: new Map([['team-a', aRelease({ version: 'v1' })]]),
      repairs: new Map(['team-a', 'team-b'].map((namespace) => [namespace, repair])),
    });

    expect(requests[0]?.targets).toMatchObject([
      { namespace: 'team-a', release: { version: 'v1' } },
      { namespace: 'team-b', release: undefined, target: { state: 'failed' } },
    ]);
    expect(resolved).toEqual([]);
  });

  test('is accepted even if its jobs cannot be queued now', async () => {
    const { service } = open({ addBulk: () => Promise.reject(new Error('Redis did not answer')) });

    const { targets } = await service.request(COMMAND);

    expect(targets.get('team-a')).toMatchObject({ state: 'pending' });
  });

  test.each([
    ['timed out', new Error('Command timed out')],
    [
      'lost its connection',
      Object.assign(new Error('Reached the max'), { name: 'MaxRetriesPerRequestError' }),
    ],
  ])('is unknown if the write %s: the same key finds out', async (_how, cause) => {
    const lost = new SkipperError('redis_unavailable', 'Redis did not answer', { cause });
    const { service } = open({ state: { request: () => Promise.reject(lost) } });

    await expect(service.request(COMMAND)).rejects.toMatchObject({
      code: 'redis_unavailable',
      message: expect.stringMatching(/^unknown whether .*retry with the same Idempotency-Key/),
    });
  });

  test.each([
    ['Redis is down', new SkipperError('redis_unavailable', 'Redis is not connected')],
    [
      'Redis is full',
      new SkipperError('redis_unavailable', 'x', { cause: new Error('OOM command not allowed') }),
    ],
  ])('did not happen if %s', async (_why, refused) => {
    const { service } = open({ state: { request: () => Promise.reject(refused) } });

    await expect(service.request(COMMAND)).rejects.toBe(refused);
  });

  test('answers a known Idempotency-Key with its rollout', async () => {
    const known = { rollout: aRollout({ id: 'r1' }), targets: new Map() };
    const { service, queued } = open({
      answer: { kind: 'replayed', rolloutId: 'r1' },
      state: { rollout: async () => known },
    });

    expect(await service.request(COMMAND)).toEqual({ ...known, replayed: true });
    expect(queued).toEqual([]);
  });

  test('refuses an Idempotency-Key that belongs to another request', async () => {
    const { service } = open({ answer: { kind: 'mismatch' } });

    await expect(service.request(COMMAND)).rejects.toMatchObject({ field: 'Idempotency-Key' });
  });

  test('fails with redis_unavailable while Redis is down', async () => {
    const { service } = open({
      state: { request: () => Promise.reject(new SkipperError('redis_unavailable', 'down')) },
    });

    await expect(service.request(COMMAND)).rejects.toMatchObject({ code: 'redis_unavailable' });
  });
});

describe('what a request learns about channels', () => {
  const problem = { code: 'release_source_unavailable', message: 'no answer' } as const;

  test.each([
    ['is noted if the channel was never read', undefined, 1],
    ['does not hide the last good state', aRelease(), 0],
  ])('%s', async (_what, release, times) => {
    const noted: unknown[] = [];
    const { service } = open({
      channel: { ...STABLE, release, problem },
      state: { noteChannels: async (channels) => void noted.push(...channels) },
    });

    await service.request(COMMAND);

    expect(noted).toHaveLength(times);
  });
});

describe('what a request names', () => {
  test('is found before the watch shows it', async () => {
    const readConfig = async (namespace: string) => ok(aConfig({ namespace }));
    const { service, requests } = open({ readConfig });

    await service.request({ ...COMMAND, namespaces: ['new', 'team-a'] });

    expect(requests[0]?.targets.map(({ namespace }) => namespace)).toEqual(['new', 'team-a']);
  });

  test('has the tag that was written last', async () => {
    const readConfig = async (namespace: string) => ok(aConfig({ namespace, tag: 'canary' }));
    const { service, requests } = open({ readConfig });

    await service.request({ ...COMMAND, namespaces: ['team-a'] });
    const planned = await service.plan({ namespaces: ['team-a'], forceBootstrap: false });

    expect(requests[0]?.targets).toMatchObject([{ release: { version: 'v3' } }]);
    expect(planned).toMatchObject([{ version: 'v3' }]);
  });

  test('names the version of each ConfigMap, as it was read or as the watch shows it', async () => {
    const readConfig = async (namespace: string) => ok(aConfig({ namespace, resourceVersion: '8' }));
    const namespaces = { 'team-a': { config: ok(aConfig({ namespace: 'team-a', resourceVersion: '7' })) } };
    const { service, requests } = open({ namespaces, readConfig });

    await service.request({ ...COMMAND, namespaces: ['team-a'] });
    await service.request(COMMAND);

    expect(requests.map(({ targets }) => targets[0]?.configVersion)).toEqual(['8', '7']);
  });

  test('is unknown once it is deleted', async () => {
    const { service } = open({ readConfig: async () => undefined });

    await expect(service.request({ ...COMMAND, namespaces: ['team-a'] })).rejects.toMatchObject({
      values: ['team-a'],
    });
  });

  test('is what the watch shows if the cluster does not answer', async () => {
    const { service, requests } = open({ readConfig: () => Promise.reject(new Error('no answer')) });

    await service.request({ ...COMMAND, namespaces: ['team-a'] });

    expect(requests[0]?.targets).toMatchObject([{ namespace: 'team-a', release: { version: 'v2' } }]);
  });

  test('is not read for the whole fleet, for many names, or for tags that are resolved already', async () => {
    const many = Array.from({ length: 21 }, (_, index) => `team-${index}`);
    const read: string[] = [];
    const readConfig = async (namespace: string) => {
      read.push(namespace);
      return ok(aConfig({ namespace }));
    };
    const { service } = open({
      namespaces: Object.fromEntries([...many, 'team-a'].map((name) => [name, {}])),
      readConfig,
    });

    await service.request(COMMAND);
    await service.request({ ...COMMAND, namespaces: many });
    await service.request({ ...COMMAND, namespaces: ['team-a'], channels: new Map([['stable', STABLE]]) });
    expect(read).toEqual([]);

    await service.request({ ...COMMAND, namespaces: many.slice(1) });
    expect(read).toEqual(many.slice(1));
  });
});

describe('plan', () => {
  test('reports what a deploy would do in each namespace, and changes nothing', async () => {
    const { service, requests, queued } = open({
      namespaces: { bad: { config: invalid('no YAML') }, good: {} },
    });

    const planned = await service.plan({ forceBootstrap: false });

    expect(planned).toMatchObject([
      { namespace: 'bad', action: 'refuse', steps: [] },
      { namespace: 'good', version: 'v2' },
    ]);
    expect([requests, queued]).toEqual([[], []]);
  });

  test('says from which version, and what is taken over from Helm', async () => {
    const { service } = open({
      namespaces: {
        helm: { deployment: aDeployment({ helmRelease: 'fdd-release' }) },
        none: { deployment: undefined, application: undefined },
        plain: {},
      },
    });

    const planned = await service.plan({ forceBootstrap: true });

    expect(planned).toMatchObject([
      { namespace: 'helm', action: 'bootstrap', from: VERSION, takesOverFrom: 'fdd-release' },
      { namespace: 'none', action: 'bootstrap', from: '' },
      { namespace: 'plain', action: 'bootstrap', from: VERSION },
    ]);
    expect(planned.slice(1).map(({ takesOverFrom }) => takesOverFrom)).toEqual([undefined, undefined]);
    expect(await service.plan({ forceBootstrap: false })).toMatchObject([
      { namespace: 'helm', action: 'refuse', from: VERSION },
      {},
      {},
    ]);
  });
});

describe('plan of a namespace whose last deployment id was given up', () => {
  const half = { deployment: aDeployment({ deploymentId: 'older' }), statuses: [] };
  const namespaces = { 'team-a': aSettledSnapshot(half) };
  const records = async () => new Map([['team-a', { abandonedId: FOREIGN_ID } as NamespaceRecord]]);

  test('is the one that a worker makes', async () => {
    const { service } = open({ namespaces, state: { records } });

    expect(await service.plan({ forceBootstrap: false })).toMatchObject([{ action: 'redeploy' }]);
  });

  test('deploys again what a bootstrap has left without its configuration', async () => {
    const given = { bootstrappedId: FOREIGN_ID, abandonedId: FOREIGN_ID } as NamespaceRecord;
    const config = ok(aConfig({ namespace: 'team-a', configDigest: 'digest' }));
    const unconfigured = aSettledSnapshot({ config, deployment: aDeployment({ mountsConfig: false }) });
    const { service } = open({
      namespaces: { 'team-a': unconfigured },
      state: { records: async () => new Map([['team-a', given]]) },
    });

    expect(await service.plan({ forceBootstrap: false })).toMatchObject([{ action: 'redeploy' }]);
  });

  test('does without Redis', async () => {
    const { service } = open({ namespaces, state: { records: () => Promise.reject(new Error('down')) } });

    expect(await service.plan({ forceBootstrap: false })).toMatchObject([{ namespace: 'team-a' }]);
  });
});

describe('repair', () => {
  test('queues requested namespaces that have no job', async () => {
    const { service, queued } = open({
      state: {
        dirty: async () => ['lost', 'never', 'unknown'],
        record: async (namespace) =>
          namespace === 'unknown' ? undefined : ({ generation: 4 } as NamespaceRecord),
      },
    });

    expect(await service.repair()).toBe(2);
    expect(queued).toEqual(['lost', 'never']);
  });

  test('leaves out what has ended while it looked for the job', async () => {
    const unfinished = [['ended', 'lost'], ['lost']];
    const { service, queued } = open({
      state: {
        dirty: async () => unfinished.shift() ?? [],
        record: async () => ({ generation: 4 }) as NamespaceRecord,
      },
    });

    expect(await service.repair()).toBe(1);
    expect(queued).toEqual(['lost']);
  });
});

describe('a request for all namespaces', () => {
  const namespaces = {
    'team-a': {},
    'team-b': { config: ok(aConfig({ rollout: { hold: 'audit until Friday' } })) },
    'team-c': { config: ok(aConfig({ rollout: { pin: 'v2' } })) },
  };
  const state = {
    holds: async () => new Map([['team-a', { reason: 'broken disk', by: 'jo', at: 1 }]]),
  };

  test('leaves held ones alone, and says why', async () => {
    const { service } = open({ namespaces, state });

    const { targets } = await service.request({ forceBootstrap: false, trigger: 'api', requestedBy: 'jo' });

    expect([...targets].map(([name, target]) => [name, target.state, target.reason])).toEqual([
      ['team-a', 'cancelled', 'held by jo: broken disk; name the namespace in a request to deploy it anyway'],
      [
        'team-b',
        'cancelled',
        'held by annotation skipper.fiaas.io/hold of its ConfigMap: audit until Friday; name the namespace in a request to deploy it anyway',
      ],
      ['team-c', 'pending', undefined],
    ]);
  });

  test('is planned like that, and a plan for all is carried out like that', async () => {
    const { service } = open({ namespaces, state });
    const request = { ...COMMAND, namespaces: Object.keys(namespaces), isForAll: true };

    const planned = await service.plan({ forceBootstrap: false });
    const { targets } = await service.request(request);

    expect(planned.map(({ namespace, action }) => [namespace, action])).toEqual([
      ['team-a', 'refuse'],
      ['team-b', 'refuse'],
      ['team-c', expect.not.stringContaining('refuse')],
    ]);
    expect(planned[0]?.reason).toMatch(/^held by jo: broken disk; name the namespace/);
    expect([...targets.values()].map((target) => target.state)).toEqual([
      'cancelled',
      'cancelled',
      'pending',
    ]);
  });

  test('is what holds: one that names them deploys them', async () => {
    const { service } = open({ namespaces, state });

    const { targets } = await service.request({
      namespaces: ['team-a', 'team-b'],
      forceBootstrap: false,
      trigger: 'api',
      requestedBy: 'jo',
    });

    expect([...targets.values()].map((target) => target.state)).toEqual(['pending', 'pending']);
  });
});

describe('windows', () => {
  const freeze = { from: '2000-01-01', to: '2999-01-01', timeZone: 'UTC', reason: 'audit' };
  const policy: RolloutPolicy = { release: { type: 'All' }, freezes: [freeze] };
  const always = { days: [1, 2, 3, 4, 5, 6, 7], from: 0, to: 1_440 };
  const window = (spans: (typeof always)[]) => ({ text: 'X', timeZone: 'UTC', spans });
  const RELEASE = { forceBootstrap: false, trigger: 'release', requestedBy: 'release-check' } as const;

  test('hold back what the strategy would admit immediately', async () => {
    const { service, requests } = open({ policy });

    await service.request({ ...RELEASE, namespaces: ['team-a'] });
    await service.request({ ...COMMAND, namespaces: ['team-a'] });

    expect(requests.map(({ heldBack }) => [...(heldBack ?? [])])).toEqual([['team-a'], []]);
  });

  test('of a namespace hold back this namespace, and not a request of a person', async () => {
    const yesterday = { ...always, days: [((new Date().getUTCDay() + 5) % 7) + 1] };
    const namespaces = {
      'team-a': { config: ok(aConfig({ rollout: { window: window([yesterday]) } })) },
      'team-b': { config: ok(aConfig({ rollout: { window: window([always]) } })) },
    };
    const { service, requests } = open({ policy: { release: { type: 'All' } }, namespaces });

    await service.request({ ...RELEASE, namespaces: ['team-a', 'team-b'] });
    await service.request({ ...COMMAND, namespaces: ['team-a', 'team-b'] });

    expect(requests.map(({ heldBack }) => [...(heldBack ?? [])])).toEqual([['team-a'], []]);
  });
});

describe('a canary by labels', () => {
  const strategy = Strategy.parse({ type: 'Progressive', canary: { selector: { tier: 'canary' } } });

  test('is each namespace that has them', async () => {
    const asked: unknown[] = [];
    const { service, requests } = open({
      selectNamespaces: async (labels) => {
        asked.push(labels);
        return new Set(['team-b', 'without-fiaas']);
      },
    });

    await service.request({ ...COMMAND, strategy });

    expect(asked).toEqual([{ tier: 'canary' }]);
    expect(requests[0]?.waves?.get('team-b')).toMatchObject({
      wave: 0,
      because: 'wave 1 of 2, canary: its labels match the selector',
    });
    expect(requests[0]?.waves?.get('team-a')).toMatchObject({ wave: 1 });
  });

  test('needs a right, and the error names it', async () => {
    const { service } = open({
      selectNamespaces: () => Promise.reject(new SkipperError('forbidden', 'cannot list resource')),
    });

    await expect(service.request({ ...COMMAND, strategy })).rejects.toMatchObject({
      name: 'BadRequestError',
      field: 'strategy.canary.selector',
      message: expect.stringContaining('lacks the right to list namespaces'),
    });
  });
});
