import { describe, expect, test } from '@jest/globals';
import { statusOf } from '../../../../domain/cluster/status.ts';
import { invalid, ok } from '../../../../domain/release/result.ts';
import {
  aConfig,
  aDeployment,
  anApplication,
  aSettledSnapshot,
  aSnapshot,
  OLD_IMAGE,
  VERSION,
} from '../../../support/builders.ts';

const helm = { helmRelease: 'fdd' };
const broken = invalid('data.tag "../x" is not a valid channel name');

describe('statusOf', () => {
  test("acceptance 16: has upstream's six keys", () => {
    expect(statusOf(aSettledSnapshot())).toStrictEqual({
      name: 'fiaas-deploy-daemon',
      namespace: 'team-a',
      status: 'OK',
      description: '',
      version: VERSION,
      channel: 'stable',
    });
  });

  test.each([
    ['OK', 'everything matches', {}],
    ['NOT_FOUND', 'there is no Deployment', { deployment: undefined }],
    [
      'NOT_FOUND',
      'there is neither Deployment nor Application',
      { deployment: undefined, application: undefined },
    ],
    ['VERSION_MISMATCH', 'there is no Application', { application: undefined }],
    ['VERSION_MISMATCH', 'the images differ', { application: anApplication({ image: OLD_IMAGE }) }],
    [
      'UNAVAILABLE',
      'Kubernetes leaves availableReplicas out',
      { deployment: aDeployment({ availableReplicas: undefined }) },
    ],
    [
      'FAILED',
      'one of two replicas is available',
      { deployment: aDeployment({ replicas: 2, availableReplicas: 1 }) },
    ],
    ['FAILED', 'availableReplicas is an explicit 0', { deployment: aDeployment({ availableReplicas: 0 }) }],
    [
      'OK',
      'all replicas of a scaled-up FDD are available',
      { deployment: aDeployment({ replicas: 2, availableReplicas: 2 }) },
    ],
    // Added by Skipper.
    ['CONFIG_ERROR', 'the ConfigMap is malformed', { config: broken }],
    ['HELM_MANAGED', 'Helm made the Deployment', { deployment: aDeployment(helm) }],
  ] as const)('acceptance 16: is %s if %s', (status, _what, overrides) => {
    expect(statusOf(aSettledSnapshot(overrides)).status).toBe(status);
  });

  test.each([
    ['CONFIG_ERROR', 'a missing Deployment', { config: broken, deployment: undefined }],
    ['CONFIG_ERROR', 'Helm', { config: broken, deployment: aDeployment(helm) }],
    ['NOT_FOUND', 'a missing Application', { deployment: undefined, application: undefined }],
    ['HELM_MANAGED', 'a missing Application', { application: undefined, deployment: aDeployment(helm) }],
    [
      'VERSION_MISMATCH',
      'missing replicas',
      { deployment: aDeployment({ image: OLD_IMAGE, availableReplicas: undefined }) },
    ],
    [
      'UNAVAILABLE',
      'too few replicas',
      { deployment: aDeployment({ replicas: 2, availableReplicas: undefined }) },
    ],
  ] as const)('puts %s before %s', (status, _what, overrides) => {
    expect(statusOf(aSettledSnapshot(overrides)).status).toBe(status);
  });

  test('acceptance 2: reports why a ConfigMap is malformed', () => {
    expect(statusOf(aSettledSnapshot({ config: broken }))).toMatchObject({
      description: 'data.tag "../x" is not a valid channel name',
      channel: '',
      version: VERSION,
    });
  });

  test('describes every status except OK', () => {
    const snapshots = [
      { deployment: undefined },
      { application: undefined },
      { deployment: aDeployment({ availableReplicas: undefined }) },
      { deployment: aDeployment({ availableReplicas: 0 }) },
      { deployment: aDeployment(helm) },
    ].map(aSettledSnapshot);

    expect(snapshots.map((snapshot) => statusOf(snapshot).description)).not.toContain('');
  });

  test('acceptance 17: shows the version of an image with a registry port', () => {
    const image = 'registry:5000/fiaas/fdd:v1.10.0';

    const status = statusOf(
      aSettledSnapshot({ application: anApplication({ image }), deployment: aDeployment({ image }) }),
    );

    expect(status).toMatchObject({ status: 'OK', version: 'v1.10.0' });
  });

  test('shows no version if nothing runs, and the chosen channel', () => {
    const snapshot = aSnapshot({ config: ok(aConfig({ tag: 'latest' })) });

    expect(statusOf(snapshot)).toMatchObject({ version: '', channel: 'latest' });
  });
});
