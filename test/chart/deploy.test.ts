import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CONFIG_MAPS, ROLES } from '../../shared/kubernetes/resources.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { describeCluster } from '../cluster/support/cluster-suite.ts';
import { kubeconfigOf, type RolloutAnswer } from '../cluster/support/skipper-pair.ts';
import { freePort } from '../support/free-port.ts';
import { type RealWorld, SKIPPER_NAMESPACE, startRealWorld, until } from '../support/real-world.ts';
import { startStrictProcess } from '../support/strict-process.ts';
import { CHART, helmOrFail, type Manifest, RELEASE } from './support/helm.ts';

/** Not the name of the cluster suite's own roles. */
const NAME = 'sk';

describeCluster('the chart, run by local processes', { needsControllers: true }, () => {
  let world: RealWorld;
  const processes: SkipperProcess[] = [];

  beforeAll(async () => {
    world = await startRealWorld();
    const flags = ['--namespace', SKIPPER_NAMESPACE, '--kubeconfig', world.controlPlane.kubeconfigPath];
    const values = {
      name: NAME,
      manageRBAC: true,
      baseurl: world.channel.url,
      config: { 'log-format': 'json' },
    };
    helmOrFail(['install', RELEASE, CHART, ...flags], values);
  });

  afterAll(async () => {
    await Promise.all(processes.map((each) => each.stop()));
    await world?.stop();
  });

  /** The process with the chart's config file and under the chart's account. */
  async function start(command: 'api' | 'worker'): Promise<SkipperProcess> {
    const config = await world.admin.get<Manifest>(CONFIG_MAPS, { namespace: SKIPPER_NAMESPACE, name: NAME });
    const configFile = join(world.folder, `${command}.yaml`);
    await writeFile(configFile, config?.data?.['cluster_config.yaml'] ?? '');
    const started = startStrictProcess({
      command,
      port: await freePort(),
      flags: {
        'config-file': configFile,
        kubeconfig: await kubeconfigOf(world, `${NAME}-${command}`, 'chart'),
      },
      env: { PATH: process.env.PATH, REDIS_URL: world.redis.url },
    });
    processes.push(started);
    return started;
  }

  test("a namespace is bootstrapped and verified with only the chart's rights", async () => {
    const [api, worker] = await Promise.all([start('api'), start('worker')]);
    await Promise.all([api.ready(), worker.ready()]);
    await world.createNamespace('team-chart', { workerRoles: [] });
    await until('the api sees it', async () => {
      const rows = (await (await fetch(`${api.url}/api/status`)).json()) as readonly unknown[];
      return rows.length === 1;
    });

    const accepted = await fetch(`${api.url}/api/deploy`, { method: 'POST' });
    const { id } = (await accepted.json()) as RolloutAnswer;
    const ended = await until(
      'the rollout has ended',
      async () => (await (await fetch(`${api.url}/api/rollouts/${id}`)).json()) as RolloutAnswer,
      ({ state }) => state !== 'pending' && state !== 'running',
    );

    expect(ended.targets).toEqual([
      expect.objectContaining({ namespace: 'team-chart', state: 'completed', outcome: 'bootstrapped' }),
    ]);
    // Written with the rights of manageRBAC.
    const role = { namespace: 'team-chart', name: 'fiaas-deploy-daemon' };
    expect(await world.admin.get(ROLES, role)).toBeDefined();
  });
});
