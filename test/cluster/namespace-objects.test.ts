import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NamespaceDetails, NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import type { NamespaceLogs } from '../../domain/explain/namespace-logs.ts';
import { type RealWorld, startRealWorld, until } from '../support/real-world.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { IMAGE, OLD_IMAGE } from './support/fdd-objects.ts';
import { type SkipperPair, startSkipperPair } from './support/skipper-pair.ts';

const NAMESPACE = 'team-read';

describeCluster("a namespace's objects on a real control plane", { needsControllers: true }, () => {
  let world: RealWorld;
  let skipper: SkipperPair;

  beforeAll(async () => {
    world = await startRealWorld();
    skipper = await startSkipperPair(world);
    await world.createNamespace(NAMESPACE);
    await world.fdds.installFdd(NAMESPACE, { image: OLD_IMAGE });
    await skipper.deploy([NAMESPACE]);
  });

  afterAll(async () => {
    await skipper?.stop();
    await world?.stop();
  });

  async function read<T>(path: string): Promise<T> {
    return (await (await fetch(skipper.api.url + path)).json()) as T;
  }

  test('are read with the rights of the chart, without refusals', async () => {
    // The plan is made from what the watches of the API show.
    const { objects, plan, diff, reports } = await until(
      'the API sees what was deployed',
      () => read<NamespaceObjects>(`/api/namespaces/${NAMESPACE}/objects`),
      ({ plan }) => plan.action === 'unchanged',
    );

    expect(objects.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect([...new Set(objects.map(({ kind }) => kind))]).toEqual(
      expect.arrayContaining(['ConfigMap', 'Application', 'Deployment', 'ApplicationStatus', 'Pod']),
    );
    expect(objects.find(({ kind }) => kind === 'Deployment')?.yaml).toContain(`image: ${IMAGE}`);
    expect(objects.map(({ yaml }) => yaml).join()).not.toContain('managedFields');
    expect(plan.action).toBe('unchanged');
    expect(diff).toEqual({ isEqual: true, hunks: [] });
    expect(reports.length).toBeGreaterThan(0);
  });

  test('the details show what was done, and that the namespace is healthy', async () => {
    // The end of the deploy reaches the API's view by a message, and healing has judged it at its next pass.
    const { attempts, why, checks } = await until(
      'the namespace is healthy',
      () => read<NamespaceDetails>(`/api/namespaces/${NAMESPACE}`),
      ({ why: { health } }) => health === 'healthy',
    );

    expect(attempts).toMatchObject([{ end: 'completed', outcome: 'updated', attempt: 1 }]);
    expect(why).toMatchObject({ health: 'healthy', remedy: [] });
    expect(checks.filter(({ isRight }) => !isRight)).toEqual([]);
  });

  test('the logs are read by the worker, with the rights of the chart', async () => {
    // The pod of the FDD before the deploy can still be there.
    const { logs } = await until(
      'only the new FDD is there, and has logged',
      () => read<NamespaceLogs>(`/api/namespaces/${NAMESPACE}/logs`),
      ({ logs }) => logs.length === 1 && logs[0]?.text !== '',
    );

    expect(logs).toMatchObject([{ container: 'fiaas-deploy-daemon', isPrevious: false }]);
    expect(logs[0]?.problem).toBeUndefined();
  });

  test('the logs include what a crashed container wrote before its restart', async () => {
    const lines = ['the last words'];
    world.fdds.misbehaviour.set(NAMESPACE, { kind: 'crash-loop', lines });

    const { logs } = await until(
      'the log of the crashed container',
      () => read<NamespaceLogs>(`/api/namespaces/${NAMESPACE}/logs`),
      ({ logs }) => logs.some(({ isPrevious, text }) => isPrevious && text.includes('the last words')),
    );

    expect(logs[0]?.isPrevious).toBe(true);
  });
});
