import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../simulator/kubernetes-api/api-object.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';

const SIDECAR = { name: 'a-proxy', image: 'proxy:1' };

// A service mesh: a webhook that inserts its container before all others.
const world = useWorld(
  {
    cluster: { mutate: withSidecar },
  },
  async (opened) => {
    await opened.startApi();
    await opened.startWorker();
  },
);

function withSidecar(object: KubernetesObject): KubernetesObject {
  const { kind, spec } = object as { kind?: string; spec?: PodSpec & { template?: { spec: PodSpec } } };
  if (kind === 'Pod' && spec) return { ...object, spec: injected(spec) };
  const template = kind === 'Deployment' ? spec?.template : undefined;
  if (!template) return object;
  return { ...object, spec: { ...spec, template: { ...template, spec: injected(template.spec) } } };
}

interface PodSpec {
  readonly containers: readonly { readonly name: string }[];
}

function injected(spec: PodSpec): PodSpec {
  const others = spec.containers.filter(({ name }) => name !== SIDECAR.name);
  return { ...spec, containers: [SIDECAR, ...others] };
}

describe('with a sidecar in every pod', () => {
  test('a bootstrap ends with its own container, and its log is kept', async () => {
    await world.addNamespace('fresh');

    const target = await world.deployed('fresh');

    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
    // It did not have to wait for the deadline of the bootstrap.
    expect(target.warnings).toBeUndefined();
    expect((await world.endedJob(target.jobId)).returnvalue).toMatchObject({ bootstrapExitCode: 0 });
    expect(await world.jobLog(target.jobId)).toContain('Bootstrapped 1 applications');
  });

  test('a bootstrap that fails is reported at once, with exit code and log', async () => {
    await world.addNamespace('failing');
    const lines = ['Forbidden: cannot list applications'];
    world.fdds.misbehaviour.set('failing', { kind: 'bootstrap-exits', exitCode: 1, lines });

    const target = await world.deployed('failing');

    expect(target).toMatchObject({
      state: 'failed',
      code: 'bootstrap_failed',
      reason: expect.stringContaining('exit code 1'),
    });
    expect(target.details?.join('\n')).toContain('Forbidden: cannot list applications');
  });

  test('an update is verified, although its Deployment lists the sidecar first', async () => {
    await world.addNamespace('updated', { fdd: OLD });

    const target = await world.deployed('updated');

    expect(target).toMatchObject({ state: 'completed', outcome: 'updated', version: NEW });
    const { containers } = (await world.deployment('updated')).spec.template.spec;
    expect(containers.map(({ name }: { name: string }) => name)).toEqual([SIDECAR.name, FDD]);
    expect((await world.http('/api/namespaces/updated')).body).toMatchObject({ status: 'OK', version: NEW });
  });

  test('a crash loop is reported, although the sidecar is healthy', async () => {
    await world.addNamespace('crashing', { fdd: OLD });
    world.fdds.misbehaviour.set('crashing', { kind: 'crash-loop', exitCode: 3 }, { version: NEW });

    const target = await world.deployed('crashing');

    expect(target).toMatchObject({ state: 'failed', code: 'fdd_cannot_run' });
    expect(target.reason).toMatch(/CrashLoopBackOff|exited with code 3/);
  });
});
