import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { encodeSaved, type SavedContent } from '../../shared/saved-state/saved-content.ts';
import { openStateConfigMap } from '../../shared/saved-state/state-config-map.ts';
import { startSimulatedCluster } from '../../simulator/demo/simulated-cluster.ts';

const CONTENT: SavedContent = {
  format: 1,
  prefix: '{skipper}',
  epoch: 'an-epoch',
  epochAt: 1,
  saves: 1,
  savedAt: 1,
  hashes: { ':holds': { 'team-a': '{"reason":"an audit"}' } },
  texts: {},
  deploysPaused: false,
  rollouts: [],
  leftOut: [],
  releases: {},
};

test("the demo's Skipper can save what must survive a loss of Redis", async () => {
  const directory = await mkdtemp(join(tmpdir(), 'skipper-demo-state-'));
  const cluster = await startSimulatedCluster({ directory });
  try {
    const configMap = openStateConfigMap(cluster.stateConfigMap, cluster.client);
    await configMap?.write(encodeSaved(CONTENT).data, undefined);

    expect((await configMap?.read())?.content).toEqual(CONTENT);
  } finally {
    await cluster.close();
    await rm(directory, { recursive: true, force: true });
  }
});
