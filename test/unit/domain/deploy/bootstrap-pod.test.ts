import { describe, expect, test } from '@jest/globals';
import {
  allowsOnlyBestEffort,
  bootstrapArguments,
  bootstrapPodManifest,
} from '../../../../domain/deploy/bootstrap-pod.ts';
import { aConfig, aRelease, FIAAS_YML, IMAGE, OUR_ID } from '../../../support/builders.ts';

const BEST_EFFORT_ONLY = { spec: { hard: { pods: '0' }, scopes: ['NotBestEffort'] } };

function aPodOf(overrides: Partial<Parameters<typeof bootstrapPodManifest>[0]> = {}) {
  return bootstrapPodManifest({
    config: aConfig(),
    release: aRelease(),
    deploymentId: OUR_ID,
    quotas: [],
    manageRbac: false,
    ...overrides,
  });
}

describe('bootstrapPodManifest', () => {
  test("acceptance 8: is upstream's pod, with the ConfigMap mounted", () => {
    const pod = aPodOf();

    expect(pod).toStrictEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'fiaas-deploy-daemon-bootstrap',
        namespace: 'team-a',
        labels: { app: 'fiaas-deploy-daemon-bootstrap' },
        annotations: { 'fiaas-skipper/deployment-id': OUR_ID },
      },
      spec: {
        restartPolicy: 'Never',
        dnsPolicy: 'ClusterFirst',
        serviceAccountName: 'default',
        containers: [
          {
            name: 'fiaas-deploy-daemon-bootstrap',
            image: IMAGE,
            imagePullPolicy: 'IfNotPresent',
            command: ['fiaas-deploy-daemon-bootstrap'],
            args: ['--enable-crd-support', '--use-apiextensionsv1-crd'],
            resources: { requests: { memory: '128Mi' } },
            volumeMounts: [{ name: 'config', mountPath: '/var/run/config/fiaas/', readOnly: true }],
          },
        ],
        volumes: [{ name: 'config', configMap: { name: 'fiaas-deploy-daemon', optional: true } }],
      },
    });
  });

  const LIMITS = { limits: { cpu: '1', memory: '256Mi' } };
  const BOTH = { ...LIMITS, requests: { cpu: '100m' } };
  const OTHER_SCOPE = { spec: { hard: { pods: '0' }, scopes: ['BestEffort'] } };
  const SOME_PODS = { spec: { hard: { pods: '5' }, scopes: ['NotBestEffort'] } };

  // Upstream's own table, plus the cases that it leaves out.
  test.each([
    { namespace: 'default', resources: undefined, quotas: [], rbac: false, sa: false, ingress: false },
    { namespace: 'other', resources: undefined, quotas: [], rbac: false, sa: false, ingress: false },
    { namespace: 'default', resources: LIMITS, quotas: [], rbac: false, sa: false, ingress: false },
    { namespace: 'default', resources: BOTH, quotas: [], rbac: false, sa: true, ingress: false },
    { namespace: 'default', resources: BOTH, quotas: [], rbac: true, sa: false, ingress: false },
    { namespace: 'default', resources: BOTH, quotas: [], rbac: true, sa: true, ingress: true },
    { namespace: 'default', resources: BOTH, quotas: [], rbac: false, sa: false, ingress: true },
    {
      namespace: 'other',
      resources: BOTH,
      quotas: [BEST_EFFORT_ONLY],
      rbac: false,
      sa: false,
      ingress: false,
    },
    {
      namespace: 'other',
      resources: LIMITS,
      quotas: [BEST_EFFORT_ONLY],
      rbac: true,
      sa: true,
      ingress: true,
    },
    { namespace: 'other', resources: BOTH, quotas: [OTHER_SCOPE], rbac: false, sa: false, ingress: false },
    { namespace: 'other', resources: BOTH, quotas: [SOME_PODS], rbac: false, sa: false, ingress: false },
    {
      namespace: 'other',
      resources: BOTH,
      quotas: [SOME_PODS, BEST_EFFORT_ONLY],
      rbac: false,
      sa: false,
      ingress: true,
    },
    { namespace: 'other', resources: {}, quotas: [], rbac: false, sa: false, ingress: false },
    { namespace: 'other', resources: { claims: ['x'] }, quotas: [], rbac: true, sa: false, ingress: false },
  ])(
    'acceptance 8: is built correctly for $namespace, $resources, $quotas, rbac $rbac, account $sa, ingress $ingress',
    (row) => {
      const { namespace, resources, quotas, rbac, sa, ingress } = row;
      const config = aConfig({
        namespace,
        enableServiceAccountPerApp: sa,
        useNetworkingV1Ingress: ingress,
      });
      const release = aRelease({ config: resources === undefined ? {} : { resources } });

      const pod = aPodOf({ config, release, quotas, manageRbac: rbac });

      const bestEffort = quotas.some((quota) => quota === BEST_EFFORT_ONLY);
      const hasRequests = resources === LIMITS || resources === BOTH;
      const [container] = pod.spec.containers;
      expect(pod.metadata.namespace).toBe(namespace);
      expect(pod.spec.serviceAccountName).toBe(rbac ? 'fiaas-deploy-daemon' : 'default');
      expect(container).toEqual(
        hasRequests && !bestEffort
          ? expect.objectContaining({ resources })
          : expect.not.objectContaining({ resources: expect.anything() }),
      );
      expect(container?.args).toEqual([
        '--enable-crd-support',
        '--use-apiextensionsv1-crd',
        ...(sa ? ['--enable-service-account-per-app'] : []),
        ...(ingress ? ['--use-networkingv1-ingress'] : []),
      ]);
    },
  );

  test("has the spec's pod annotations, as strings, in addition to its own", () => {
    const annotations = { pod: { 'example.com/team': 'a', 'example.com/count': 3 }, deployment: { x: 'y' } };

    const pod = aPodOf({ release: aRelease({ config: { annotations } }) });

    expect(pod.metadata.annotations).toEqual({
      'example.com/team': 'a',
      'example.com/count': '3',
      'fiaas-skipper/deployment-id': OUR_ID,
    });
  });

  test('copies only limits and requests', () => {
    const resources = { limits: { cpu: '1' }, requests: null, extra: 1 };

    const pod = aPodOf({ release: aRelease({ config: { ...FIAAS_YML, resources } }) });

    expect(pod.spec.containers[0]).toMatchObject({ resources: { limits: { cpu: '1' } } });
    expect(Object.keys((pod.spec.containers[0] as { resources?: object }).resources ?? {})).toEqual([
      'limits',
    ]);
  });

  test.each([['resources'], ['annotations']])('ignores %s of a spec that are not a mapping', (key) => {
    const pod = aPodOf({ release: aRelease({ config: { [key]: 'nonsense' } }) });

    expect(pod.metadata.annotations).toEqual({ 'fiaas-skipper/deployment-id': OUR_ID });
    expect(pod.spec.containers[0]).not.toHaveProperty('resources');
  });
});

describe('bootstrapArguments', () => {
  const allOn = aConfig({ enableServiceAccountPerApp: true, useNetworkingV1Ingress: true });
  const CRD = '--enable-crd-support';
  const V1 = '--use-apiextensionsv1-crd';
  const ACCOUNT = '--enable-service-account-per-app';
  const INGRESS = '--use-networkingv1-ingress';

  test.each([
    ['20190206110218-449abc6', [CRD]],
    ['20200901000000-0000000', [CRD, ACCOUNT]],
    ['20211101000000-0000000', [CRD, ACCOUNT, INGRESS]],
    ['20220201000000-0000000', [CRD, V1, ACCOUNT, INGRESS]],
    ['20220808113256-eef68a8', [CRD, V1, ACCOUNT, INGRESS]],
    ['v1.10.0', [CRD, V1, ACCOUNT, INGRESS]],
    ['development', [CRD, V1, ACCOUNT, INGRESS]],
  ])(
    'acceptance 8: gives an image of version %s only the arguments it supports, in order',
    (version, args) => {
      expect(bootstrapArguments(allOn, version)).toEqual(args);
    },
  );
});

describe('allowsOnlyBestEffort', () => {
  test.each([
    ['no quota', [], false],
    ['a quota without a spec', [{}], false],
    ['a quota that forbids pods with resource requests', [BEST_EFFORT_ONLY], true],
    [
      'the NotBestEffort scope among others',
      [{ spec: { hard: { pods: '0' }, scopes: ['NotTerminating', 'NotBestEffort'] } }],
      true,
    ],
    ['a quota that forbids all pods, without a scope', [{ spec: { hard: { pods: '0' } } }], false],
    ['a quota that allows some pods', [{ spec: { hard: { pods: '10' }, scopes: ['NotBestEffort'] } }], false],
    ['a quota for cpu only', [{ spec: { hard: { cpu: '0' }, scopes: ['NotBestEffort'] } }], false],
  ])('handles %s', (_what, quotas, only) => {
    expect(allowsOnlyBestEffort(quotas)).toBe(only);
  });
});
