import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseNamespaceConfig } from '../../domain/cluster/namespace-config.ts';
import { parseNotifyConfig } from '../../domain/notify/notify-config.ts';
import { parseRolloutPolicy } from '../../domain/rollout/rollout-policy.ts';
import { readSettings } from '../../shared/config.ts';
import {
  CHART,
  helmOrFail,
  type Manifest,
  NAMESPACE,
  namesOf,
  pick,
  render,
  type Values,
} from './support/helm.ts';
import { MATRIX } from './support/matrix.ts';
import { documentedValues } from './support/values-table.ts';

const DRAIN_SECONDS = 36;

describe.each(Object.entries(MATRIX))('with %s', (_title, values) => {
  const manifests = render(values);
  const workloads = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');

  test('lint finds nothing', () => {
    expect(helmOrFail(['lint', CHART, '--strict'], values)).toContain('0 chart(s) failed');
  });

  test('no object exists twice, and all carry the labels', () => {
    const names = manifests.map(
      ({ kind, metadata }) => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`,
    );

    expect(new Set(names).size).toBe(names.length);
    for (const { metadata } of manifests) {
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': 'skipper', heritage: 'Helm' });
    }
  });

  test('everything that a pod refers to exists, unless the values name it', () => {
    const given = JSON.stringify(values);
    for (const workload of workloads) {
      for (const [kind, name] of referencesOf(workload)) {
        const comesFromOutside = name === 'default' || given.includes(JSON.stringify(name));
        if (!comesFromOutside) expect(namesOf(manifests)).toContain(`${kind}/${name}`);
      }
    }
  });

  test('selectors match the pods of one workload, in every version of the chart', () => {
    for (const { spec, metadata } of workloads) {
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
      expect(Object.keys(spec.selector.matchLabels)).toEqual(['app', 'app.kubernetes.io/component']);
      expect(JSON.stringify(spec.template.metadata.labels)).not.toContain('0.1.0');
      expect(metadata.name).toBe(
        `${spec.selector.matchLabels.app}-${spec.selector.matchLabels['app.kubernetes.io/component']}`,
      );
    }
  });

  test('pods get no service links, and enough time to drain', () => {
    for (const { spec } of workloads) {
      expect(spec.template.spec.enableServiceLinks).toBe(false);
      if (spec.template.spec.containers[0].name === 'worker') {
        expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(DRAIN_SECONDS);
      }
    }
  });
});

describe('the matrix', () => {
  test('has every switch on and off', () => {
    const switches = documentedValues().filter(
      ({ byDefault }) => byDefault === 'true' || byDefault === 'false',
    );
    const tried = Object.values(MATRIX);

    for (const { path, byDefault } of switches) {
      const settings = tried.map((values) =>
        path.split('.').reduce<unknown>((at, key) => (at as Values | undefined)?.[key], values),
      );
      expect([path, settings.includes(byDefault !== 'true')]).toEqual([path, true]);
    }
  });
});

describe('the rollout policy', () => {
  test('is what Skipper reads, in a ConfigMap of its own that both processes mount', () => {
    const objects = render(MATRIX['a rollout policy'] ?? {});
    const text = pick(objects, 'ConfigMap', 'fiaas-skipper-rollout-policy').data?.['policy.yaml'] ?? '';

    expect(parseRolloutPolicy(text)).toMatchObject({
      ok: true,
      policy: {
        release: { canary: { selector: { tier: 'canary' } }, waves: ['5%', 25, '100%'] },
        freezes: [{ from: '2026-12-20' }],
      },
    });
    for (const name of ['api', 'worker']) {
      const { containers, volumes } = pick(objects, 'Deployment', `fiaas-skipper-${name}`).spec.template.spec;
      expect(containers[0].env).toContainEqual({
        name: 'ROLLOUT_POLICY',
        value: '/var/run/config/rollout-policy/policy.yaml',
      });
      expect(volumes.map(({ configMap }) => configMap?.name)).toContain('fiaas-skipper-rollout-policy');
    }
  });
});

describe('the receivers of notifications', () => {
  test('are what Skipper reads, and only workers have their secrets', () => {
    const objects = render(MATRIX['receivers of notifications'] ?? {});
    const text = pick(objects, 'ConfigMap', 'fiaas-skipper-notifications').data?.['notifications.yaml'] ?? '';
    const podOf = (name: string) => pick(objects, 'Deployment', `fiaas-skipper-${name}`).spec.template.spec;
    const secretsOf = (name: string) => podOf(name).volumes.map(({ secret }) => secret?.secretName);

    expect(parseNotifyConfig(text)).toMatchObject({
      ok: true,
      content: { groupWait: '10s', receivers: [{ name: 'ops' }, { name: 'hook' }] },
    });
    for (const name of ['api', 'worker']) {
      expect(podOf(name).containers[0].env).toContainEqual({
        name: 'NOTIFICATIONS',
        value: '/var/run/config/notifications/notifications.yaml',
      });
    }
    expect(podOf('api').containers[0].env).toContainEqual({
      name: 'HOOK_SECRET_FILE',
      value: '/var/run/secrets/hook/secret',
    });
    expect([secretsOf('api').includes('hook'), secretsOf('worker').includes('hook')]).toEqual([true, false]);
    expect([secretsOf('api').includes('receivers'), secretsOf('worker').includes('receivers')]).toEqual([
      false,
      true,
    ]);
  });
});

describe('the config file', () => {
  test('contains only what the values set', () => {
    const settings = settingsOf({});

    expect(settings).toMatchObject({
      baseurl: 'https://fiaas.github.io/releases',
      disableAutoupdate: true,
      manageRbac: false,
      debug: false,
      disableCrdCreation: false,
    });
    expect(settings.releaseChannelMetadata).toBeUndefined();
  });

  test.each<[string, Values, Record<string, unknown>]>([
    ['autoUpdate', { autoUpdate: true }, { disableAutoupdate: false }],
    ['manageRBAC', { manageRBAC: true }, { manageRbac: true }],
    ['statusUpdateInterval', { statusUpdateInterval: 7 }, { statusUpdateInterval: 7 }],
    ['useApiextensionsV1CRD', { useApiextensionsV1CRD: true }, { useApiextensionsv1Crd: true }],
    ['disableCrdCreation', { disableCrdCreation: true }, { disableCrdCreation: true }],
    ['debug', { debug: true }, { debug: true }],
    ['baseurl', { baseurl: 'http://a/b: #c' }, { baseurl: 'http://a/b: #c' }],
    ['config', { config: { 'log-format': 'json', concurrency: 70 } }, { logFormat: 'json', concurrency: 70 }],
    [
      'releaseChannelMetadata',
      { releaseChannelMetadata: { image: `a"'b:1` }, releaseChannelMetadataSpecContentAsYAML: 'version: 3' },
      {
        releaseChannelMetadata: JSON.stringify({ image: `a"'b:1` }),
        releaseChannelMetadataSpec: '/var/run/config/fiaas/release_channel_metadata_spec_fiaas.yaml',
      },
    ],
  ])('Skipper reads %s as intended', (_name, values, expected) => {
    expect(settingsOf(values)).toMatchObject(expected);
  });

  test('contains the files of the release and the override as written', () => {
    const text = 'a: |\n  {{ b }}\n\n  c\n# d';
    const { data } = pick(
      render({
        releaseChannelMetadata: { image: 'a:1' },
        releaseChannelMetadataSpecContentAsYAML: text,
        fiaas_override_yaml: text,
      }),
      'ConfigMap',
      'fiaas-skipper',
    );

    expect(data?.['release_channel_metadata_spec_fiaas.yaml']?.trim()).toBe(text);
    expect(data?.['fiaas_override.yaml']?.trim()).toBe(text);
  });

  test('replaces the pods when it changes', () => {
    const checksum = (values: Values) =>
      pick(render(values), 'Deployment', 'fiaas-skipper-worker').spec.template.metadata.annotations?.[
        'checksum/config'
      ];

    expect(checksum({ fiaas_override_yaml: 'a: 1' })).not.toBe(checksum({}));
    expect(checksum({ worker: { replicas: 3 } })).toBe(checksum({}));
  });
});

describe('ConfigMaps of FIAAS namespaces', () => {
  const manifests = render(MATRIX['FIAAS namespaces']);
  const inNamespace = (namespace: string) =>
    manifests.find(
      ({ metadata }) => metadata.name === 'fiaas-deploy-daemon' && metadata.namespace === namespace,
    );

  test('are read by Skipper as intended, including a tag of digits', () => {
    const found = inNamespace('default');

    expect(found?.metadata.labels?.app).toBe('fiaas-deploy-daemon');
    expect(found && parseNamespaceConfig(found)).toMatchObject({
      ok: true,
      value: {
        namespace: 'default',
        tag: '20190206110218',
        configDigest: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    });
  });

  test('accept a mapping as well as text', () => {
    expect(inNamespace('kube-public')?.data).toEqual({
      tag: 'stable',
      'cluster_config.yaml': 'ingress-suffix:\n- a.example.com\n- b.example.com\n',
    });
  });

  test("include upstream's in the release's own namespace", () => {
    expect(inNamespace(NAMESPACE)?.data).toEqual({
      tag: 'latest',
      'cluster_config.yaml': 'ingress-suffix:\n- example.com\n',
    });
  });
});

describe('labels and annotations', () => {
  const manifests = render(MATRIX['labels and annotations']);

  test('global labels are added to all objects and pods, and replace no label of the chart', () => {
    for (const { kind, metadata } of manifests.filter(({ kind }) => kind !== 'ConfigMap')) {
      expect([kind, metadata.labels]).toEqual([
        kind,
        expect.objectContaining({ team: 'platform', cost: '12', app: 'sk2' }),
      ]);
    }
    expect(pick(manifests, 'Deployment', 'sk2-api').spec.template.metadata.labels).toMatchObject({
      team: 'platform',
      app: 'sk2',
    });
  });

  test("annotations in the values override the chart's", () => {
    const { annotations } = pick(manifests, 'Deployment', 'sk2-worker').spec.template.metadata;

    expect(annotations).toMatchObject({
      'prometheus.io/port': 'none',
      'prometheus.io/path': '/_/metrics',
      example: 'true',
    });
  });

  test("the Ingress carries upstream's annotations", () => {
    const ingress = pick(manifests, 'Ingress', 'sk2');

    expect(ingress.metadata.annotations).toEqual({
      size: '8',
      'kubernetes.io/tls-acme': 'true',
      'cert-manager.io/cluster-issuer': 'letsencrypt',
      'cert-manager.io/issuer': 'own',
    });
    expect(ingress.spec.tls).toEqual([{ hosts: ['skipper.example.com'], secretName: 'skipper.example.com' }]);
  });
});

describe('config.base-path', () => {
  const at = (basePath?: string) =>
    render({
      ingress: { fqdn: 'ops.example' },
      config: basePath === undefined ? {} : { 'base-path': basePath },
    });

  test.each([
    [undefined, '/', ''],
    ['/', '/', ''],
    ['/skipper', '/skipper', '/skipper'],
    ['ops/skipper/', '/ops/skipper', '/ops/skipper'],
  ])('%s is the path of the Ingress, and of what helm test requests', (basePath, ingressPath, base) => {
    const manifests = at(basePath);
    const [{ args }] = pick(manifests, 'Pod', 'fiaas-skipper-test').spec.containers;

    expect(pick(manifests, 'Ingress', 'fiaas-skipper').spec.rules[0].http.paths[0].path).toBe(ingressPath);
    expect(args.slice(1)).toEqual([
      'http://fiaas-skipper:5000/readyz',
      'http://fiaas-skipper-worker:5001/readyz',
      `http://fiaas-skipper:5000${base}/api/status`,
    ]);
  });

  test('leaves probes and metrics at the root', () => {
    const { metadata, spec } = pick(at('/skipper'), 'Deployment', 'fiaas-skipper-api').spec.template;
    const [{ livenessProbe, readinessProbe, startupProbe }] = spec.containers;

    expect([livenessProbe, readinessProbe, startupProbe].map(({ httpGet }) => httpGet.path)).toEqual([
      '/healthz',
      '/readyz',
      '/healthz',
    ]);
    expect(metadata.annotations?.['prometheus.io/path']).toBe('/_/metrics');
  });
});

describe('networkPolicy', () => {
  const manifests = render(MATRIX['a narrow network']);

  test('the selected pods can only use listed connections', () => {
    for (const name of ['api', 'worker', 'redis']) {
      const { spec } = pick(manifests, 'NetworkPolicy', `fiaas-skipper-${name}`);
      expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
      expect(spec.podSelector.matchLabels).toMatchObject({ 'app.kubernetes.io/component': name });
    }
    expect(pick(manifests, 'NetworkPolicy', 'fiaas-skipper-redis').spec.egress).toEqual([]);
  });

  test('the egress ports are those of DNS, API server, release server, Redis and the added ones', () => {
    const { egress } = pick(manifests, 'NetworkPolicy', 'fiaas-skipper-worker').spec;

    expect(portsOf(egress)).toEqual([53, 53, 6443, 443, 8080, 6379, 3128]);
  });

  const receivers = [
    { name: 'ops', type: 'slack', urlFile: '/var/run/secrets/notifications/ops' },
    { name: 'log', type: 'webhook', url: 'http://log.internal:8090/skipper' },
  ];

  test.each([
    ['any address', {}, undefined],
    ['the given addresses', { receiverCIDRs: ['203.0.113.0/24'] }, [{ ipBlock: { cidr: '203.0.113.0/24' } }]],
  ])(
    'workers can reach receivers of notifications at %s, whatever else is restricted',
    (_what, given, to) => {
      const { networkPolicy, ...narrow } = MATRIX['a narrow network'] ?? {};
      const values = { ...narrow, notifications: { receivers } };
      const policies = render({ ...values, networkPolicy: { ...(networkPolicy as object), ...given } });
      const rules = pick(policies, 'NetworkPolicy', 'fiaas-skipper-worker').spec.egress;
      const toReceivers = rules.filter((rule) => portsOf([rule]).includes(8090));

      expect(portsOf(toReceivers)).toEqual([443, 8090]);
      expect(toReceivers.map((rule) => rule.to)).toEqual([to]);
      const { egress } = pick(policies, 'NetworkPolicy', 'fiaas-skipper-api').spec;
      expect(portsOf(egress)).not.toContain(8090);
    },
  );

  test('proxies and the collector in the settings can be reached', () => {
    const config = {
      'https-proxy': 'http://proxy.internal:3128',
      'otel-exporter-otlp-endpoint': 'http://collector:4318',
    };
    const { egress } = pick(render({ config }), 'NetworkPolicy', 'fiaas-skipper-api').spec;

    expect(portsOf(egress)).toEqual([53, 53, 443, 6443, 443, 6379, 3128, 4318]);
  });

  test('scrapers can also reach the api', () => {
    const { ingress } = pick(manifests, 'NetworkPolicy', 'fiaas-skipper-api').spec;

    expect(ingress[0].from).toHaveLength(3);
    expect(ingress[0].from[1]).toEqual({ podSelector: { matchLabels: { app: 'prometheus' } } });
  });

  test('an external Redis can be reached on the port of its URL', () => {
    const { egress } = pick(
      render(MATRIX['an external Redis by URL']),
      'NetworkPolicy',
      'fiaas-skipper-api',
    ).spec;

    expect(portsOf(egress)).toEqual([53, 53, 443, 6443, 443, 6380]);
  });

  test('Sentinels can be reached on their ports', () => {
    const { egress } = pick(
      render(MATRIX['a Redis behind Sentinels']),
      'NetworkPolicy',
      'fiaas-skipper-api',
    ).spec;

    expect(portsOf(egress)).toEqual([53, 53, 443, 6443, 443, 6379, 26379, 26380]);
  });
});

describe('options', () => {
  test.each(['api', 'worker'])(
    'the %s gets the Sentinels, and their password from the Secret',
    (component) => {
      const manifests = render(MATRIX['a Redis behind Sentinels']);
      const [{ env = [] }] = pick(manifests, 'Deployment', `fiaas-skipper-${component}`).spec.template.spec
        .containers;

      expect(env).toEqual(
        expect.arrayContaining([
          { name: 'REDIS_SENTINELS', value: 'redis-0.redis:26379,redis-1.redis,[fd00::1]:26380' },
          { name: 'REDIS_SENTINEL_MASTER', value: 'mymaster' },
          {
            name: 'REDIS_SENTINEL_PASSWORD',
            valueFrom: { secretKeyRef: { name: 'redis-url', key: 'sentinel-password' } },
          },
        ]),
      );
    },
  );

  test.each(['api', 'worker'])('the %s gets the Redis client certificate', (component) => {
    const external = { url: 'rediss://redis.example:6379', clientCertSecret: 'redis-client' };
    const { containers, volumes } = pick(
      render({ redis: { enabled: false, external } }),
      'Deployment',
      `fiaas-skipper-${component}`,
    ).spec.template.spec;

    expect(containers[0]).toMatchObject({
      env: expect.arrayContaining([
        { name: 'REDIS_CERT_FILE', value: '/var/run/secrets/redis/tls.crt' },
        { name: 'REDIS_KEY_FILE', value: '/var/run/secrets/redis/tls.key' },
      ]),
      volumeMounts: expect.arrayContaining([
        { name: 'redis-client-cert', mountPath: '/var/run/secrets/redis', readOnly: true },
      ]),
    });
    expect(volumes).toContainEqual({ name: 'redis-client-cert', secret: { secretName: 'redis-client' } });
  });

  test('the worker gets the setting of a Redis Cluster', () => {
    const [{ env = [] }] = pick(render(MATRIX['a Redis Cluster']), 'Deployment', 'fiaas-skipper-worker').spec
      .template.spec.containers;

    expect(env).toContainEqual({ name: 'REDIS_CLUSTER', value: 'true' });
  });

  test('with autoscaling, the Deployment sets no number of workers', () => {
    expect(
      pick(render(MATRIX['an HPA on CPU']), 'Deployment', 'fiaas-skipper-worker').spec.replicas,
    ).toBeUndefined();
    expect(
      pick(render({ worker: { replicas: 4 } }), 'Deployment', 'fiaas-skipper-worker').spec.replicas,
    ).toBe(4);
  });

  test("KEDA gets BullMQ's key and the password", () => {
    const manifests = render({ ...MATRIX['KEDA on Redis'], config: { 'redis-prefix': 'other' } });

    expect(pick(manifests, 'ScaledObject', 'fiaas-skipper-worker').spec.triggers).toEqual([
      {
        type: 'redis',
        metadata: {
          address: `fiaas-skipper-redis.${NAMESPACE}.svc:6379`,
          listName: '{other}:deploy:wait',
          listLength: '100',
        },
        authenticationRef: { name: 'fiaas-skipper-redis' },
      },
    ]);
    expect(pick(manifests, 'TriggerAuthentication', 'fiaas-skipper-redis').spec.secretTargetRef).toEqual([
      { parameter: 'password', name: 'fiaas-skipper-redis', key: 'redis-password' },
    ]);
  });

  test('only the api gets the token file', () => {
    const manifests = render({ auth: { existingSecret: 'token' } });
    const variables = (name: string) =>
      pick(manifests, 'Deployment', name).spec.template.spec.containers[0].env?.map(
        ({ name: variable }) => variable,
      );

    expect(variables('fiaas-skipper-api')).toContain('AUTH_TOKEN_FILE');
    expect(variables('fiaas-skipper-worker')).not.toContain('AUTH_TOKEN_FILE');
  });

  test('a digest overrides the tag', () => {
    const { image } = pick(render(MATRIX['pods of a special kind']), 'Deployment', 'fiaas-skipper-api').spec
      .template.spec.containers[0];

    expect(image).toBe(`registry.example.com/skipper@sha256:${'0a'.repeat(32)}`);
  });

  test('a longer drain extends the grace period', () => {
    const { spec } = pick(render(MATRIX['pods of a special kind']), 'Deployment', 'fiaas-skipper-worker').spec
      .template;

    expect(spec.terminationGracePeriodSeconds).toBe(105);
  });

  test.each([
    ['1.25.0', false],
    ['1.30.2', true],
  ])('Kubernetes %s gets a sleep before the stop: %s', (version, expected) => {
    const { lifecycle } = pick(render({}, ['--kube-version', version]), 'Deployment', 'fiaas-skipper-api')
      .spec.template.spec.containers[0];

    expect(lifecycle !== undefined).toBe(expected);
  });
});

/** The settings that Skipper reads from the rendered config file. */
function settingsOf(values: Values) {
  const { data } = pick(render(values), 'ConfigMap', 'fiaas-skipper');
  const folder = mkdtempSync(join(tmpdir(), 'skipper-chart-'));
  try {
    const configFile = join(folder, 'cluster_config.yaml');
    writeFileSync(configFile, data?.['cluster_config.yaml'] ?? '');
    expect(readFileSync(configFile, 'utf8')).not.toBe('');
    return readSettings({ flags: { configFile }, env: {} });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Kind and name of everything that a pod needs to start. */
function referencesOf({ spec }: Manifest): [string, string][] {
  const pod = spec.template.spec;
  const references: [string, string][] = [];
  if (pod.serviceAccountName) references.push(['ServiceAccount', pod.serviceAccountName]);
  for (const volume of pod.volumes) {
    if (volume.configMap) references.push(['ConfigMap', volume.configMap.name]);
    if (volume.secret) references.push(['Secret', volume.secret.secretName]);
  }
  for (const { valueFrom } of pod.containers[0].env ?? []) {
    if (valueFrom?.secretKeyRef) references.push(['Secret', valueFrom.secretKeyRef.name]);
  }
  return references;
}

function portsOf(rules: readonly { readonly ports: readonly { readonly port: number }[] }[]): number[] {
  return rules.flatMap(({ ports }) => ports.map(({ port }) => port));
}
