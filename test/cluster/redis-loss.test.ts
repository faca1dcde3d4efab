import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type RealWorld, SKIPPER_NAMESPACE, startRealWorld, until } from '../support/real-world.ts';
import { type AuditLog, inNamespaces, openAuditLog, summaryOf } from './support/audit-log.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { OLD_IMAGE, readApplication, STABLE } from './support/fdd-objects.ts';
import { type SkipperPair, startSkipperPair } from './support/skipper-pair.ts';

const COUNT = 42;
const PREFIX = 'disposable';
const IN_WAVES = {
  type: 'Progressive',
  canary: 1,
  waves: ['30%', '100%'],
  maxConcurrency: 10,
  minSuccessTime: '0s',
};

describeCluster('a Redis that loses its data, on a real control plane', { needsControllers: true }, () => {
  let world: RealWorld;
  let skipper: SkipperPair;
  let audit: AuditLog;
  let redis: Redis;

  beforeAll(async () => {
    world = await startRealWorld();
    audit = openAuditLog(world);
    redis = new Redis(world.redis.url);
    const policy = join(world.folder, 'policy.yaml');
    await writeFile(policy, 'api: {type: All}\n');
    skipper = await startSkipperPair(world, {
      flags: {
        'rollout-policy': policy,
        'redis-prefix': PREFIX,
        // The name that the chart's right is limited to.
        'state-config-map': `${SKIPPER_NAMESPACE}/fiaas-skipper-state`,
      },
    });
  });

  afterAll(async () => {
    redis?.disconnect();
    await skipper?.stop();
    await world?.stop();
  });

  async function post(path: string, body: unknown): Promise<{ id: string }> {
    const response = await fetch(`${skipper.api.url}/api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as { id: string };
  }

  async function countsOf(id: string): Promise<Readonly<Record<string, number>>> {
    const response = await fetch(`${skipper.api.url}/api/rollouts/${id}?limit=1`);
    return ((await response.json()) as { counts?: Readonly<Record<string, number>> }).counts ?? {};
  }

  test('in the middle of a rollout: each Application is written once, and holds are kept', async () => {
    const names = Array.from({ length: COUNT }, (_, index) => `team-lost-${index}`);
    const installFdd = (namespace: string) => world.fdds.installFdd(namespace, { image: OLD_IMAGE });
    await Promise.all(names.map((name) => world.createNamespace(name, { before: installFdd })));
    await skipper.sees(...names);
    const [held = '', ...others] = names;
    await post(`namespaces/${held}/hold`, { reason: 'an audit' });
    await audit.mark();
    const { id } = await post('rollouts', { reason: 'a test', strategy: IN_WAVES });
    await until(
      'a third is verified',
      () => countsOf(id),
      ({ completed = 0 }) => completed >= COUNT / 3,
    );

    await redis.flushall();
    await until(
      'the state is rebuilt',
      () => redis.exists(`{${PREFIX}}:epoch`),
      (found) => found === 1,
    );
    await until(
      'all are verified',
      () => countsOf(id),
      ({ completed }) => completed === others.length,
    );

    const writes = inNamespaces(await audit.skipperRequests(), names).filter(
      ({ verb, objectRef }) => objectRef?.resource === 'applications' && !['get', 'list'].includes(verb),
    );
    expect(writes.map(({ responseStatus }) => responseStatus?.code).filter((code) => code !== 200)).toEqual(
      [],
    );
    expect(writes.map(({ objectRef }) => objectRef?.namespace).toSorted()).toEqual(others.toSorted());
    for (const name of others) {
      const { spec } = await readApplication(world.admin, name);
      expect(spec.image).toContain(STABLE);
    }
    const holds = await (await fetch(`${skipper.api.url}/api/holds`)).text();
    expect(holds).toContain('an audit');
    const saves = (await audit.skipperRequests()).filter(
      ({ objectRef }) => objectRef?.resource === 'configmaps' && objectRef.namespace === SKIPPER_NAMESPACE,
    );
    expect(saves.length).toBeGreaterThan(0);
    expect(saves.map(summaryOf).filter((summary) => !/ 20[01]$|patch configmaps 409$/.test(summary))).toEqual(
      [],
    );
  });
});
