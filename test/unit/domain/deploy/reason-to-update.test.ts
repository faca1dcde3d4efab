import { describe, expect, test } from '@jest/globals';
import { type EarlierRequest, reasonToUpdate } from '../../../../domain/deploy/reason-to-update.ts';
import { invalid, ok } from '../../../../domain/release/result.ts';
import {
  aConfig,
  aDeployment,
  anApplication,
  aRelease,
  aSettledSnapshot,
  aStatus,
  FIAAS_YML,
  OLD_IMAGE,
} from '../../../support/builders.ts';

const KEY = 'release-key';
const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const behind = aSettledSnapshot({ application: anApplication({ image: OLD_IMAGE }) });

function earlier(overrides: Partial<EarlierRequest> = {}): EarlierRequest {
  return {
    unfinished: false,
    lastRelease: KEY,
    lastFailed: false,
    failures: 0,
    finishedAt: NOW - MINUTE,
    ...overrides,
  };
}

function reason(snapshot = behind, request?: EarlierRequest): string | undefined {
  return reasonToUpdate(snapshot, aRelease(), KEY, request, NOW);
}

describe('reasonToUpdate', () => {
  test('is undefined if the namespace runs its release', () => {
    expect(reason(aSettledSnapshot())).toBeUndefined();
  });

  test.each([
    ['the image differs', behind, `image is ${OLD_IMAGE}`],
    [
      'the config differs',
      aSettledSnapshot({ application: anApplication({ config: { ...FIAAS_YML, x: 1 } }) }),
      'spec.config differs',
    ],
    ['there is no Deployment', aSettledSnapshot({ deployment: undefined }), 'there is no Deployment'],
    ['there is no Application', aSettledSnapshot({ application: undefined }), 'there is no Application'],
  ])('gives the reason if %s', (_what, snapshot, expected) => {
    expect(reason(snapshot)).toBe(expected);
  });

  // Upstream's updater deploys these; here the Application is correct, but another image runs.
  test('gives a reason if the Deployment runs another image than its Application specifies', () => {
    expect(reason(aSettledSnapshot({ deployment: aDeployment({ image: OLD_IMAGE }) }))).toBeDefined();
  });

  test('believes a verification of the last seconds more than a watch, which can lag', () => {
    expect(reason(behind, earlier({ finishedAt: NOW - 9_000 }))).toBeUndefined();
    expect(reason(behind, earlier({ finishedAt: NOW - 10_000 }))).toBeDefined();
    expect(reason(behind, earlier({ finishedAt: NOW, lastRelease: 'another one' }))).toBeDefined();
    const gone = aSettledSnapshot({ deployment: undefined });
    expect(reason(gone, earlier({ finishedAt: NOW - 9_000 }))).toBeUndefined();
  });

  test('leaves a namespace alone whose ConfigMap is being deleted', () => {
    const config = ok(aConfig({ isDeleting: true }));

    expect(reason(aSettledSnapshot({ deployment: undefined, config }))).toBeUndefined();
  });

  test('gives a reason if FDD has not taken up the deployment, but none while it works on it', () => {
    const deployment = aDeployment({ deploymentId: 'earlier' });
    const application = anApplication({ deploymentId: 'requested' });
    const working = aStatus({ deploymentId: 'requested', result: 'RUNNING' });

    expect(reason(aSettledSnapshot({ deployment, application, statuses: [] }))).toBe(
      'FDD has not taken up the previous deployment',
    );
    expect(reason(aSettledSnapshot({ deployment, application, statuses: [working] }))).toBeUndefined();
  });

  test('acceptance 17: does not consider an image with a registry port outdated forever', () => {
    const image = 'registry:5000/fiaas/fdd:v1';
    const snapshot = aSettledSnapshot({
      application: anApplication({ image }),
      deployment: aDeployment({ image }),
    });

    expect(reasonToUpdate(snapshot, aRelease({ image, version: 'v1' }), KEY, undefined, NOW)).toBeUndefined();
  });

  test.each([
    ['its ConfigMap is malformed', { config: invalid('x') }],
    ['it is not a FIAAS namespace', { config: undefined }],
    ['Helm manages it', { deployment: aDeployment({ helmRelease: 'fdd' }) }],
  ])('acceptance 23: does not update a namespace if %s', (_what, overrides) => {
    expect(reason({ ...behind, ...overrides })).toBeUndefined();
  });

  test('acceptance 12: requests nothing while a request is unfinished', () => {
    expect(reason(behind, earlier({ unfinished: true }))).toBeUndefined();
  });

  test('requests again immediately after a successful run', () => {
    expect(reason(behind, earlier())).toBeDefined();
  });

  test.each([
    [1, 10],
    [2, 20],
    [3, 40],
    [4, 80],
    [5, 160],
    [6, 320],
    [7, 360],
    [50, 360],
    [5_000, 360],
  ])('after %d failures of a release it waits %d minutes', (failures, minutes) => {
    const at = (ago: number) => earlier({ lastFailed: true, failures, finishedAt: NOW - ago * MINUTE });

    expect(reason(behind, at(minutes - 0.1))).toBeUndefined();
    expect(reason(behind, at(minutes))).toBeDefined();
  });

  test('retries a failed release even if the Application already has it', () => {
    const failed = earlier({ lastFailed: true, failures: 1, finishedAt: NOW - 11 * MINUTE });

    expect(reason(aSettledSnapshot(), failed)).toBeDefined();
    expect(reason(aSettledSnapshot(), { ...failed, finishedAt: NOW - 9 * MINUTE })).toBeUndefined();
  });

  test('does not wait for a new release after another one has failed', () => {
    expect(reason(behind, earlier({ lastFailed: true, failures: 9, lastRelease: 'other' }))).toBeDefined();
  });
});
