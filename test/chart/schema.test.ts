import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { flagOf, SETTING_NAMES } from '../../shared/config.ts';
import { CHART, chartFile, helm, NAMESPACE, refusal, type Values } from './support/helm.ts';
import { UPSTREAM_DEFAULTS } from './support/matrix.ts';
import { documentedValues } from './support/values-table.ts';

interface Schema {
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const schema = JSON.parse(readFileSync(chartFile('values.schema.json'), 'utf8')) as Schema;

/** Settings that the chart itself sets for the processes: as its own value, a variable or a port. */
const SET_BY_CHART = [
  'auth-token-file',
  'baseurl',
  'config-file',
  'debug',
  'disable-autoupdate',
  'disable-crd-creation',
  'hook-secret-file',
  'host',
  'manage-rbac',
  'notifications',
  'port',
  'redis-cluster',
  'redis-sentinel-master',
  'redis-sentinels',
  'redis-url',
  'release-channel-metadata',
  'release-channel-metadata-spec',
  'rollout-policy',
  'spec-file-override',
  'state-config-map',
  'status-update-interval',
  'use-apiextensionsv1-crd',
  'worker-port',
];
/** Secrets, which must not be in a ConfigMap: set them with extraEnv. */
const SECRET = ['api-token', 'redis-sentinel-password'];

describe('values.schema.json', () => {
  test('knows every value', () => {
    for (const { path } of documentedValues()) {
      const known = path.split('.').reduce<Schema | undefined>((at, key) => at?.properties?.[key], schema);
      expect([path, known !== undefined]).toEqual([path, true]);
    }
  });

  test('knows every setting of Skipper, except those that the chart sets', () => {
    const settings = Object.keys(schema.properties?.config?.properties ?? {});
    const expected = SETTING_NAMES.map(flagOf).filter((flag) => ![...SET_BY_CHART, ...SECRET].includes(flag));

    expect(settings.toSorted()).toEqual(expected.toSorted());
  });

  test.each<[string, Values, string]>([
    ['a typo', { mangeRBAC: true }, "additional properties 'mangeRBAC' not allowed"],
    ['a nested typo', { api: { replica: 2 } }, "at '/api': additional properties 'replica' not allowed"],
    ['an invalid object name', { name: 'Skipper!' }, "at '/name': 'Skipper!' does not match pattern"],
    ['text for a switch', { autoUpdate: 'yes' }, "at '/autoUpdate': got string, want boolean"],
    ['a tag that YAML read as a fraction', { image: { tag: 1.1 } }, "at '/image/tag'"],
    [
      'an unknown pull policy',
      { image: { pullPolicy: 'Sometimes' } },
      "must be one of 'Always', 'IfNotPresent', 'Never'",
    ],
    ['an invalid digest', { image: { digest: 'sha256:abc' } }, "at '/image/digest'"],
    ['negative replicas', { worker: { replicas: -1 } }, "at '/worker/replicas': minimum: got -1, want 0"],
    ['a base that is not a URL', { baseurl: 'fiaas.github.io' }, "at '/baseurl'"],
    ['a setting that does not exist', { config: { concurency: 1 } }, "'concurency' not allowed"],
    [
      'a public URL with a path',
      { config: { 'public-url': 'https://a.example.com/skipper' } },
      "at '/config/public-url'",
    ],
    [
      'a setting out of range',
      { config: { concurrency: 5000 } },
      "at '/config/concurrency': maximum: got 5,000, want 2,000",
    ],
    ['a base path with ..', { config: { 'base-path': '/a/../b' } }, "at '/config/base-path'"],
    ['a base path with a query', { config: { 'base-path': '/a?b' } }, "at '/config/base-path'"],
    ['a base path with two slashes', { config: { 'base-path': '//a' } }, "at '/config/base-path'"],
    ['a release without image', { releaseChannelMetadata: { build: 'x' } }, "missing property 'image'"],
    [
      'an image without tag',
      { releaseChannelMetadata: { image: 'fdd' } },
      "at '/releaseChannelMetadata/image'",
    ],
    ['an invalid namespace', { rbac: { namespaces: ['Team_A'] } }, "at '/rbac/namespaces/0'"],
    ['a Sentinel URL', { redis: { external: { url: 'sentinel://a' } } }, "at '/redis/external/url'"],
    [
      'a Sentinel with a scheme',
      { redis: { external: { sentinels: ['redis://a'] } } },
      "at '/redis/external/sentinels/0'",
    ],
    [
      'an invalid quantity',
      { deployment: { resources: { limits: { memory: '256MB' } } } },
      "at '/deployment/resources/limits/memory'",
    ],
    [
      'a bad CIDR',
      { networkPolicy: { apiServerCIDRs: ['10.0.0.1'] } },
      "at '/networkPolicy/apiServerCIDRs/0'",
    ],
    [
      'a port of a receiver that is none',
      { networkPolicy: { receiverPorts: ['https'] } },
      "at '/networkPolicy/receiverPorts/0'",
    ],
    [
      'a duration without unit',
      { monitoring: { prometheusRule: { outdatedFor: '60' } } },
      "at '/monitoring/prometheusRule/outdatedFor'",
    ],
    [
      'a rollout policy for an unknown trigger',
      { rolloutPolicy: { relese: { type: 'All' } } },
      "at '/rolloutPolicy': additional properties 'relese' not allowed",
    ],
    [
      'a duration of a rollout policy without unit',
      { rolloutPolicy: { release: { type: 'Progressive', minSuccessTime: '60' } } },
      "at '/rolloutPolicy/release/minSuccessTime'",
    ],
    [
      'a freeze without a time zone',
      { rolloutPolicy: { freezes: [{ from: '2026-12-20', to: '2027-01-03', reason: 'Christmas' }] } },
      "missing property 'timeZone'",
    ],
    [
      'an event that does not exist',
      { notifications: { receivers: [{ name: 'a', type: 'slack', url: 'https://a', events: ['paused'] }] } },
      "at '/notifications/receivers/0/events/0'",
    ],
    [
      'a receiver without a URL',
      { notifications: { receivers: [{ name: 'a', type: 'slack' }] } },
      "at '/notifications/receivers/0'",
    ],
    ['an unknown scaler', { worker: { autoscaling: { type: 'vpa' } } }, "must be one of 'hpa', 'keda'"],
  ])('refuses %s, and names it', (_what, values, message) => {
    expect(refusal(values)).toContain(message);
  });
});

describe('what the schema cannot check', () => {
  test.each<[string, Values, string]>([
    [
      'a fixed release without its spec',
      { releaseChannelMetadata: { image: 'a:1' } },
      'needs releaseChannelMetadataSpecContentAsYAML',
    ],
    [
      'no Redis at all',
      { redis: { enabled: false } },
      'needs redis.external.url or redis.external.existingSecret',
    ],
    [
      'two Redis addresses',
      { redis: { enabled: false, external: { url: 'redis://a', existingSecret: 'b' } } },
      'not both',
    ],
    [
      'Sentinels without the name of their master',
      { redis: { enabled: false, external: { url: 'redis://a', sentinels: ['b'] } } },
      'redis.external.sentinelMaster go together',
    ],
    [
      'Sentinels with a Cluster',
      {
        redis: {
          enabled: false,
          external: { url: 'redis://a', sentinels: ['b'], sentinelMaster: 'c', cluster: true },
        },
      },
      'a Redis Cluster has no Sentinels',
    ],
    [
      'a key without a Secret',
      { redis: { enabled: false, external: { url: 'redis://a', sentinelPasswordKey: 'b' } } },
      'is a key of redis.external.existingSecret',
    ],
    ['two bundles', { caBundle: { configMap: 'a', secret: 'b' } }, 'not both'],
    [
      'a maximum below the minimum',
      { worker: { autoscaling: { enabled: true, minReplicas: 20 } } },
      'minReplicas is more than maxReplicas',
    ],
    [
      'KEDA without a data source',
      {
        redis: { enabled: false, external: { url: 'redis://a' } },
        worker: { autoscaling: { enabled: true, type: 'keda' } },
      },
      'needs worker.autoscaling.prometheusServer',
    ],
    [
      "only upstream's values, as --reuse-values leaves them",
      { ...UPSTREAM_DEFAULTS, redis: null, api: null, worker: null, networkPolicy: null, monitoring: null },
      '--reset-then-reuse-values',
    ],
  ])('%s is refused, and the message says what to do', (_what, values, message) => {
    expect(refusal(values)).toContain(message);
  });

  test("upstream's own tag causes a warning", () => {
    const notes = (values: Values) =>
      helm(['install', 'x', CHART, '--dry-run=client', '--namespace', NAMESPACE], values).stdout;

    expect(notes({ image: { tag: 'latest' } })).toContain('may be the Python Skipper');
    expect(notes({ image: { tag: '20220818123456-abc1234' } })).toContain('may be the Python Skipper');
    expect(notes({})).not.toContain('may be the Python Skipper');
  });
});
