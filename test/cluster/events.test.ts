import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EVENTS, pathOf } from '../../shared/kubernetes/resources.ts';
import { type RealWorld, startRealWorld, until } from '../support/real-world.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { FDD, OLD_IMAGE } from './support/fdd-objects.ts';
import { type SkipperPair, startSkipperPair } from './support/skipper-pair.ts';

const ROLES = ['fiaas-skipper-deploy', 'fiaas-skipper-events'];

interface CoreEvent {
  readonly reason: string;
  readonly message: string;
  readonly type: string;
  readonly involvedObject: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly series?: { readonly count: number };
}

describeCluster('Events on a real API server', { needsControllers: false }, () => {
  let world: RealWorld;
  let skipper: SkipperPair;

  beforeAll(async () => {
    world = await startRealWorld();
    skipper = await startSkipperPair(world);
  });

  afterAll(async () => {
    await skipper?.stop();
    await world?.stop();
  });

  async function kubectl(...args: readonly string[]): Promise<string> {
    const binary = join(process.env.KUBEBUILDER_ASSETS ?? '', 'kubectl');
    const kubeconfig = ['--kubeconfig', world.controlPlane.kubeconfigPath];
    return (await promisify(execFile)(binary, [...kubeconfig, ...args])).stdout;
  }

  /** As `kubectl describe application fiaas-deploy-daemon` finds them. */
  async function described(namespace: string): Promise<readonly CoreEvent[]> {
    const fieldSelector = `involvedObject.kind=Application,involvedObject.name=${FDD}`;
    const { items } = await world.admin.request<{ items: CoreEvent[] }>({
      method: 'GET',
      path: pathOf(EVENTS, { namespace }),
      query: { fieldSelector },
    });
    return items;
  }

  test('a deploy is on the Application, for kubectl describe', async () => {
    const namespace = await world.createNamespace('team-events', { workerRoles: ROLES });
    await world.fdds.installFdd(namespace, { image: OLD_IMAGE });
    await skipper.deploy([namespace]);
    const [deployed] = await until(
      'the deploy is on the Application',
      () => described(namespace),
      (events) => events.length > 0,
    );
    expect(deployed).toMatchObject({
      reason: 'Deployed',
      type: 'Normal',
      involvedObject: { kind: 'Application' },
    });
    expect(deployed?.message).toMatch(/^updated \S+ by rollout \S+$/);
    const text = await kubectl('describe', 'application', FDD, '--namespace', namespace);
    expect(text).toMatch(/Normal +Deployed +\S+ +skipper\.fiaas\.io +updated \S+ by rollout/);
  });

  test('what is repeated is counted, and survives the check of the API server', async () => {
    const namespace = await world.createNamespace('team-failing', { workerRoles: ROLES });
    await world.fdds.installFdd(namespace, { image: OLD_IMAGE });
    world.fdds.misbehaviour.set(namespace, { kind: 'failed', lines: ['it does not fit'] });
    await skipper.deploy([namespace]);
    await skipper.deploy([namespace]);
    const failed = await until('the failure is counted', async () =>
      (await described(namespace)).find(({ reason, series }) => reason === 'DeployFailed' && series),
    );
    expect(failed).toMatchObject({ type: 'Warning', series: { count: 2 } });
  });
});
