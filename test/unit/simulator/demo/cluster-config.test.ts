import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readSettings } from '../../../../shared/config.ts';
import { clusterConfigText, releaseCheckInterval } from '../../../../simulator/demo/cluster-config.ts';

const CONFIG = {
  kubeconfig: '/shared/kubeconfig',
  baseurl: 'http://cluster:6444',
  redisPrefix: 'simulated-1234',
  failRate: 0,
  releaseEvery: undefined,
  stateConfigMap: 'skipper/fiaas-skipper-state',
  rolloutPolicy: '/shared/rollout-policy.yaml',
};

describe('clusterConfigText', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cluster-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function settingsFrom(text: string) {
    const configFile = join(folder, 'cluster_config.yaml');
    writeFileSync(configFile, text);
    return readSettings({ flags: { configFile }, env: {} });
  }

  test('is a config file that Skipper reads', () => {
    expect(settingsFrom(clusterConfigText(CONFIG))).toMatchObject({
      kubeconfig: '/shared/kubeconfig',
      baseurl: 'http://cluster:6444',
      redisPrefix: 'simulated-1234',
      environmentLabel: 'simulated cluster',
      releaseCheckInterval: 5,
      progressDeadline: 300,
      rolloutPolicy: '/shared/rollout-policy.yaml',
      stateConfigMap: 'skipper/fiaas-skipper-state',
    });
  });

  test('shortens the deadline if namespaces misbehave', () => {
    expect(settingsFrom(clusterConfigText({ ...CONFIG, failRate: 0.1 })).progressDeadline).toBe(30);
  });
});

describe('releaseCheckInterval', () => {
  test.each([
    [undefined, 5],
    [60, 5],
    [4, 2],
    [1, 1],
  ])('for a release every %s s, the interval is %s s', (releaseEvery, expected) => {
    expect(releaseCheckInterval(releaseEvery)).toBe(expected);
  });
});
