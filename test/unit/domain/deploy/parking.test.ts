import { describe, expect, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import { judgeParked, type ParkedView, type Parking } from '../../../../domain/deploy/parking.ts';
import {
  aBootstrapPod,
  aDeployment,
  anApplication,
  aParking,
  aPod,
  aSnapshot,
  aStatus,
  OUR_ID,
} from '../../../support/builders.ts';

const ours = { deploymentId: OUR_ID };
const WAITING: Partial<NamespaceSnapshot> = {
  application: anApplication(ours),
  deployment: aDeployment(ours),
  statuses: [aStatus({ ...ours, result: 'RUNNING' })],
};
const ENDED = { phase: 'Succeeded', terminated: { exitCode: 0 } };

function judged(
  snapshot: Partial<NamespaceSnapshot>,
  parking: Partial<Parking> = {},
  view: Partial<ParkedView> = {},
) {
  const positions = { applicationsPosition: '200', deploymentsPosition: '200', deadEndForMs: 0 };
  const seen = { snapshot: aSnapshot({ ...WAITING, ...snapshot }), ...positions, ...view };
  return judgeParked(aParking({ written: anApplication(ours), ...parking }), seen);
}

describe('judgeParked', () => {
  test('waits while FDD works, with what it waits for', () => {
    expect(judged({})).toEqual({ kind: 'wait', detail: 'FDD reported RUNNING' });
  });

  test.each([
    ['the deployment is verified', { statuses: [aStatus(ours)] }, {}, {}],
    ['FDD has failed', { statuses: [aStatus({ ...ours, result: 'FAILED' })] }, {}, {}],
    [
      'only a read of the Deployment shows more',
      { statuses: [aStatus(ours)] },
      {},
      { deploymentsPosition: '1' },
    ],
    [
      'FDD is up, but another one still terminates',
      { statuses: [aStatus(ours)], pods: [aPod({ deleting: true })] },
      {},
      {},
    ],
    ['the namespace is gone', { config: undefined, application: undefined }, {}, {}],
    ['the Application was deleted', { application: undefined }, {}, {}],
    [
      'another client has changed the Application',
      { application: anApplication({ deploymentId: 'other', resourceVersion: '199' }) },
      {},
      {},
    ],
    ['the Deployment was deleted', { deployment: undefined }, {}, {}],
    ['the bootstrap pod has ended', { bootstrapPod: aBootstrapPod(ENDED) }, { bootstrap: true }, {}],
    ['the bootstrap pod is gone', {}, { bootstrap: true, stage: 'bootstrap end' }, {}],
  ] as const)('resumes if %s', (_what, snapshot, parking, view) => {
    expect(judged(snapshot as Partial<NamespaceSnapshot>, parking, view)).toEqual({ kind: 'resume' });
  });

  test('waits while its watches lag and have never shown its namespace', () => {
    const nothing = {
      config: undefined,
      application: undefined,
      deployment: undefined,
      statuses: [],
      pods: [],
    };
    const unseen = { hadDeployment: false, wasSeen: false };

    expect(judged(nothing, unseen, { applicationsPosition: '1', deploymentsPosition: '1' })).toMatchObject({
      kind: 'wait',
    });
  });

  test.each([
    ['had ended before it was parked', { bootstrapPod: aBootstrapPod(ENDED) }, { podEnded: true }],
    ['still runs', { bootstrapPod: aBootstrapPod(), statuses: [aStatus(ours)] }, { stage: 'bootstrap end' }],
  ] as const)('waits if its bootstrap pod %s', (_what, snapshot, parking) => {
    expect(judged(snapshot, { bootstrap: true, ...parking })).toMatchObject({ kind: 'wait' });
  });
});
