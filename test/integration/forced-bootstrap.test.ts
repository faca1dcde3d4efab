import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { PODS } from '../../shared/kubernetes/resources.ts';
import { BOOTSTRAP_POD, NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({}, async (opened) => {
  await opened.startApi();
  await opened.startWorker();
});

describe('a forced bootstrap beside a running FDD', () => {
  test('does not fail when its pod exits with 0 before the running FDD reports SUCCESS', async () => {
    await world.addNamespace('late', { fdd: OLD });
    world.fdds.misbehaviour.set('late', { kind: 'bootstrap-exits', exitCode: 0 });
    world.fdds.misbehaviour.set('late', { kind: 'hang' });

    const { id } = await world.deploy({ namespaces: ['late'], force_bootstrap: true });
    await until(async () => {
      const pod = await world.kube.get<{ status?: { phase?: string } }>(PODS, {
        namespace: 'late',
        name: BOOTSTRAP_POD,
      });
      return pod?.status?.phase === 'Succeeded';
    }, 'the bootstrap pod has ended');
    // Longer than the grace period for a pod with another exit code.
    await pause(3_000);
    world.fdds.misbehaviour.clear('late');
    const { targets } = await world.rolloutFinished(id);

    expect(targets[0]).toMatchObject({ state: 'completed', outcome: 'bootstrapped', version: NEW });
  });
});
