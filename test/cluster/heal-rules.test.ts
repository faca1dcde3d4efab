import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findRules } from '../../domain/heal/find-rules.ts';
import type { Finding } from '../../domain/heal/rule.ts';
import { type ClusterCache, watchCluster } from '../../shared/kubernetes/cluster-cache.ts';
import { APPLICATIONS, DEPLOYMENTS, pathOf } from '../../shared/kubernetes/resources.ts';
import { aRelease, silentLog } from '../support/builders.ts';
import { type RealWorld, startRealWorld, until } from '../support/real-world.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { FDD, IMAGE, OLD_IMAGE } from './support/fdd-objects.ts';

/** The rules whose evidence Kubernetes itself makes: field managers, their times, the conditions of a Deployment. */
describeCluster('rules of healing on a real control plane', { needsControllers: true }, () => {
  let world: RealWorld;
  let cluster: ClusterCache;

  beforeAll(async () => {
    world = await startRealWorld();
    cluster = watchCluster({ client: world.admin, log: silentLog });
    await cluster.synced();
  });

  afterAll(async () => {
    await cluster?.stop();
    await world?.stop();
  });

  async function well(name: string): Promise<string> {
    const namespace = await world.createNamespace(name);
    await world.fdds.installFdd(namespace, { image: IMAGE });
    await until('nothing is wrong', () => find(namespace).length === 0 && isAvailable(namespace));
    return namespace;
  }

  const isAvailable = (namespace: string) => cluster.snapshot(namespace).deployment?.availableReplicas === 1;

  function find(namespace: string): Finding[] {
    return findRules({
      snapshot: cluster.snapshot(namespace),
      record: {
        generation: 1,
        handled: 1,
        phase: 'done',
        lastFailure: '',
        lastState: 'completed',
        reason: '',
        finishedAt: 0,
      },
      deployed: { image: IMAGE, config: cluster.snapshot(namespace).application?.config ?? {} },
      unbegun: undefined,
      before: [],
      timings: {
        graceMs: 1_000,
        deafAfterMs: 0,
        progressDeadlineMs: 60_000,
        bootstrapDeadlineMs: 60_000,
      },
      now: Date.now(),
    });
  }

  function patch(path: string, fieldManager: string, body: unknown): Promise<unknown> {
    return world.admin.request({ method: 'PATCH', patchType: 'merge', path, query: { fieldManager }, body });
  }

  const found = (namespace: string, rule: Finding['rule']) =>
    until(
      `${rule} is found`,
      () => find(namespace).find((finding) => finding.rule === rule),
      (finding) => finding !== undefined,
    );

  test('scaled-down: the API server records who wrote 0 replicas, but not for `kubectl scale`', async () => {
    const edited = await well('team-edited');
    const scaled = await well('team-scaled');
    const before = Date.now();

    const body = { spec: { replicas: 0 } };
    await patch(pathOf(DEPLOYMENTS, { namespace: edited, name: FDD }), 'kubectl-edit', body);
    const scale = { namespace: scaled, name: FDD, subresource: 'scale' };
    await patch(pathOf(DEPLOYMENTS, scale), 'kubectl', body);

    const finding = await found(edited, 'scaled-down');
    expect(finding).toMatchObject({ by: 'kubectl-edit' });
    expect(finding?.since).toBeGreaterThanOrEqual(before - 1_000);
    expect(await found(scaled, 'scaled-down')).toMatchObject({
      evidence: 'the Deployment was scaled to 0 replicas',
    });
    await until('nothing else is found', () => find(edited).length === 1 && find(scaled).length === 1);
  });

  test('progress-deadline: by the Deployment controller', async () => {
    const namespace = await well('team-deadline');
    world.fdds.misbehaviour.set(namespace, { kind: 'image-pull-failure' });
    const template = { metadata: { annotations: { changed: 'yes' } } };

    const path = pathOf(DEPLOYMENTS, { namespace, name: FDD });
    await patch(path, 'kubectl', { spec: { progressDeadlineSeconds: 2, template } });

    const finding = await found(namespace, 'progress-deadline');
    expect(finding?.evidence).toMatch(/^Deployment Progressing=False: ProgressDeadlineExceeded: /);
    // Kubelet and controller report in any order.
    await until(
      'the image and the missing replica are found, too',
      () => find(namespace).map(({ rule }) => rule),
      (rules) => isDeepStrictEqual(rules, ['image-pull', 'progress-deadline', 'unavailable']),
    );
  });

  test('drifted: names the field manager that overwrote the Application', async () => {
    const namespace = await well('team-drifted');

    await patch(pathOf(APPLICATIONS, { namespace, name: FDD }), 'argocd-controller', {
      spec: { image: OLD_IMAGE },
    });

    expect(await found(namespace, 'drifted')).toMatchObject({
      by: 'argocd-controller',
      evidence: `the Application's image is ${OLD_IMAGE}, Skipper deployed ${aRelease().image}`,
    });
  });
});
