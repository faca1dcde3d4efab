import { describe, expect, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import { detectRival, type Watched } from '../../../../domain/deploy/detect-rival.ts';
import {
  aBootstrapPod,
  aDeployment,
  anApplication,
  aPod,
  aSnapshot,
  aStatus,
  FOREIGN_ID,
  OLD_IMAGE,
  OUR_ID,
} from '../../../support/builders.ts';

const written = anApplication({ deploymentId: OUR_ID, resourceVersion: '100' });
const scaledToZero = {
  replicas: 0,
  currentReplicas: 0,
  updatedReplicas: 0,
  availableReplicas: undefined,
  switchedOff: { how: 'scaled to 0', by: 'kubectl' },
} as const;

function rivalOf(snapshot: Partial<NamespaceSnapshot>, watched: Partial<Watched> = {}) {
  return detectRival({
    written,
    bootstrap: false,
    hadDeployment: true,
    applicationsPosition: '200',
    deploymentsPosition: '200',
    ...watched,
    snapshot: aSnapshot({ application: written, deployment: aDeployment(), ...snapshot }),
  });
}

describe('detectRival', () => {
  test('detects no rival while the Application is unchanged', () => {
    expect(rivalOf({})).toBeUndefined();
    expect(rivalOf({ application: { ...written, resourceVersion: '150' } })).toBeUndefined();
  });

  describe('on the Application', () => {
    test.each([
      ['another deployment id', { deploymentId: FOREIGN_ID }, 'another deployment id'],
      ['another image', { image: OLD_IMAGE }, `its image is ${OLD_IMAGE}`],
      ['another config', { config: { version: 3 } }, 'its spec.config differs'],
    ])('names the client that wrote %s', (_what, overrides, reason) => {
      const application = { ...written, resourceVersion: '101', lastWriter: 'argocd', ...overrides };

      expect(rivalOf({ application })).toEqual({
        code: 'changed_by_others',
        reason: expect.stringMatching(new RegExp(`overwritten during the deploy by argocd: .*${reason}`)),
      });
    });

    test('does not mistake a watch that is behind our own write for a rival', () => {
      const application = anApplication({ resourceVersion: '99' });

      expect(rivalOf({ application })).toBeUndefined();
      expect(rivalOf({ application: undefined }, { applicationsPosition: '99' })).toBeUndefined();
      expect(rivalOf({ application: undefined }, { applicationsPosition: undefined })).toBeUndefined();
    });

    test('detects a deletion as soon as the watch has passed our own write', () => {
      expect(rivalOf({ application: undefined }, { applicationsPosition: '101' })).toMatchObject({
        reason: 'the Application was deleted during the deploy',
      });
    });

    test('names the finalizers that block a deletion', () => {
      const application = { ...written, resourceVersion: '101', heldBy: ['example.com/keep'] };

      expect(rivalOf({ application })).toEqual({
        code: 'application_deleting',
        reason: 'the Application is being deleted, held by finalizer example.com/keep',
      });
    });
  });

  describe('on the Deployment', () => {
    test('names the client that scaled it to 0 or paused it', () => {
      const off = aDeployment({ deploymentId: OUR_ID, ...scaledToZero });
      const paused = aDeployment({ deploymentId: OUR_ID, switchedOff: { how: 'paused', by: 'kubectl' } });

      expect(rivalOf({ deployment: off })?.reason).toBe(
        'the Deployment was scaled to 0 replicas by kubectl during the deploy',
      );
      expect(rivalOf({ deployment: paused })?.reason).toBe(
        'the Deployment was paused by kubectl during the deploy',
      );
    });

    test('waits while an FDD is running that can still write it', () => {
      const deployment = aDeployment(scaledToZero);

      expect(rivalOf({ deployment, pods: [aPod({ deleting: true, ready: false })] })).toBeUndefined();
      expect(rivalOf({ deployment })).toMatchObject({ code: 'changed_by_others' });
      expect(rivalOf({ deployment }, { bootstrap: true })).toBeUndefined();
    });

    test('detects its deletion once no FDD can write it again', () => {
      const gone = { deployment: undefined };
      const reason = 'the Deployment was deleted during the deploy';

      expect(rivalOf(gone)).toMatchObject({ reason });
      expect(rivalOf({ ...gone, pods: [aPod()] })).toBeUndefined();
      expect(rivalOf(gone, { hadDeployment: false })).toBeUndefined();
      expect(rivalOf(gone, { bootstrap: true })).toBeUndefined();
      const statuses = [aStatus({ deploymentId: OUR_ID })];
      expect(rivalOf({ ...gone, statuses }, { bootstrap: true })).toMatchObject({ reason });
    });

    test.each([false, true])(
      'detects a deletion that came before this run saw it (bootstrap: %s)',
      (bootstrap) => {
        const gone = { deployment: undefined, statuses: [aStatus({ deploymentId: OUR_ID })] };
        const unseen = { bootstrap, hadDeployment: false };

        expect(rivalOf(gone, unseen)?.reason).toBe('the Deployment was deleted during the deploy');
        expect(rivalOf(gone, { ...unseen, deploymentsPosition: '109' })).toBeUndefined();
        expect(rivalOf({ ...gone, pods: [aPod()] }, unseen)).toBeUndefined();
      },
    );
  });

  describe('on the bootstrap pod', () => {
    const lost = { deployment: undefined };
    const watched = { bootstrap: true, hadDeployment: false, hadLivePod: true };

    test('detects its deletion while it ran', () => {
      expect(rivalOf(lost, watched)).toEqual({
        code: 'changed_by_others',
        reason: 'the bootstrap pod was deleted during the deploy',
      });
    });

    test.each([
      ['it was not seen yet', lost, { ...watched, hadLivePod: false }],
      ['it runs', { ...lost, bootstrapPod: aBootstrapPod({ startedFor: OUR_ID }) }, watched],
      [
        'FDD has succeeded, and the watch has not shown its Deployment yet',
        { ...lost, statuses: [aStatus({ deploymentId: OUR_ID })] },
        { ...watched, deploymentsPosition: '109' },
      ],
      ['an FDD runs that can take the deployment up', { ...lost, pods: [aPod()] }, watched],
      ['no bootstrap is awaited', lost, { ...watched, bootstrap: false }],
    ])('detects nothing if %s', (_what, snapshot, given) => {
      expect(rivalOf(snapshot, given)).toBeUndefined();
    });
  });
});
