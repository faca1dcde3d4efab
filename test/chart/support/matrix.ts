import type { Values } from './helm.ts';

const SPEC = 'version: 3\nadmin_access: true\nreplicas:\n  maximum: 1\n  minimum: 1\n';

/** Upstream's defaults, and the values that its documentation shows. */
export const UPSTREAM_DEFAULTS: Values = {
  name: 'fiaas-skipper',
  image: { repository: 'fiaas/skipper', tag: 'latest', pullPolicy: 'Always' },
  ingress: {
    enabled: true,
    useNetworkingV1: false,
    fqdn: 'fiaas-skipper.yourcluster.local',
    enableTLS: true,
    annotations: {},
    tlsClusterIssuer: null,
    tlsIssuer: null,
    suffix: 'yourcluster.local',
  },
  certManager: { keyAnnotationPrefix: 'certmanager.k8s.io' },
  deployment: {
    includeResourceUsage: true,
    resources: { limits: { cpu: '125m', memory: '256Mi' }, requests: { cpu: '125m', memory: '256Mi' } },
  },
  baseurl: 'https://fiaas.github.io/releases',
  annotations: {},
  labels: { global: {} },
  rbac: {
    enabled: false,
    enableFIAASController: true,
    fddClusterRole: { enabled: false, namespaces: ['default'] },
  },
  manageRBAC: false,
  statusUpdateInterval: 30,
  addFiaasDeployDaemonConfigmap: false,
  fiaasDeployDaemonTag: 'stable',
  fiaasDeployDaemonConfigMaps: { namespaces: {} },
  autoUpdate: false,
  releaseChannelMetadata: {},
  releaseChannelMetadataSpecContentAsYAML: '',
  service: { type: 'ClusterIP' },
  fiaas_override_yaml: '',
  useApiextensionsV1CRD: false,
};

/** Every switch on and off, and each option that creates other objects. */
export const MATRIX: Readonly<Record<string, Values>> = {
  defaults: {},
  "upstream's defaults": UPSTREAM_DEFAULTS,
  "upstream's rights": {
    rbac: {
      enabled: true,
      enableFIAASController: true,
      fddClusterRole: { enabled: true, namespaces: ['default'] },
    },
    manageRBAC: true,
    useApiextensionsV1CRD: true,
  },
  'a rollout policy': {
    rolloutPolicy: {
      release: { type: 'Progressive', canary: { selector: { tier: 'canary' } }, waves: ['5%', 25, '100%'] },
      api: { type: 'All' },
      freezes: [{ from: '2026-12-20', to: '2027-01-03', timeZone: 'Europe/Oslo', reason: 'Christmas' }],
    },
  },
  'receivers of notifications': {
    notifications: {
      groupWait: '10s',
      receivers: [
        {
          name: 'ops',
          type: 'slack',
          urlFile: '/var/run/secrets/notifications/slack-url',
          events: ['rollout-paused'],
          silences: ['Sat,Sun 00:00-24:00'],
          timeZone: 'Europe/Oslo',
        },
        { name: 'hook', type: 'webhook', url: 'https://hook.example.com' },
      ],
    },
    notificationsSecret: 'receivers',
    hook: { existingSecret: 'hook', key: 'token' },
  },
  'a fixed release': {
    releaseChannelMetadata: { image: 'registry:5000/fdd:20220808113256-eef68a8', spec: '/anything' },
    releaseChannelMetadataSpecContentAsYAML: SPEC,
    fiaas_override_yaml: '# {{ not a template }}\nreplicas:\n  maximum: 2\n',
    autoUpdate: true,
    debug: true,
  },
  'FIAAS namespaces': {
    addFiaasDeployDaemonConfigmap: true,
    fiaasDeployDaemonTag: 'latest',
    ingress: { suffix: 'example.com' },
    fiaasDeployDaemonConfigMaps: {
      namespaces: {
        default: { tag: 20190206110218, clusterConfig: 'log-format: json\nenvironment: test\n' },
        'kube-public': { clusterConfig: { 'ingress-suffix': ['a.example.com', 'b.example.com'] } },
      },
    },
  },
  'labels and annotations': {
    name: 'sk2',
    labels: { global: { team: 'platform', app: 'not-ours', cost: 12 } },
    annotations: { 'prometheus.io/port': 'none', example: true },
    ingress: {
      fqdn: 'skipper.example.com',
      className: 'nginx',
      annotations: { size: 8 },
      tlsClusterIssuer: 'letsencrypt',
      tlsIssuer: 'own',
    },
    service: { type: 'NodePort', annotations: { example: 1 } },
  },
  'an external Redis by URL': {
    redis: { enabled: false, external: { url: 'rediss://redis.example.com:6380' } },
    ingress: { fqdn: 'skipper.example.com', enableTLS: false },
  },
  'an external Redis by Secret': { redis: { enabled: false, external: { existingSecret: 'redis-url' } } },
  'a Redis behind Sentinels': {
    redis: {
      enabled: false,
      external: {
        existingSecret: 'redis-url',
        sentinels: ['redis-0.redis:26379', 'redis-1.redis', '[fd00::1]:26380'],
        sentinelMaster: 'mymaster',
        sentinelPasswordKey: 'sentinel-password',
      },
    },
  },
  'a Redis Cluster': { redis: { enabled: false, external: { url: 'redis://redis:7000', cluster: true } } },
  'a Redis without password and volume': {
    redis: {
      auth: { enabled: false },
      persistence: { enabled: false },
      extraConfig: 'timeout 0\nloglevel notice',
    },
  },
  'a Redis with a password of its own': {
    redis: { auth: { existingSecret: 'redis-auth', key: 'password' }, persistence: { storageClass: 'fast' } },
  },
  'external accounts': {
    api: { serviceAccountName: 'default' },
    worker: { serviceAccountName: 'default' },
    rbac: { namespaces: ['default', 'kube-public'] },
    disableCrdCreation: true,
  },
  'everything off': {
    rbac: { enabled: false },
    networkPolicy: { enabled: false },
    podDisruptionBudget: { enabled: false },
    topologySpread: { enabled: false },
    monitoring: { scrapeAnnotations: false },
    deployment: { includeResourceUsage: false },
    ingress: { enabled: false, fqdn: 'skipper.example.com' },
  },
  'a narrow network': {
    networkPolicy: {
      apiFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
      metricsFrom: [{ podSelector: { matchLabels: { app: 'prometheus' } } }],
      redisFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'keda' } } }],
      apiServerCIDRs: ['10.0.0.1/32'],
      apiServerPorts: [6443],
      releaseServerCIDRs: ['192.0.2.0/24'],
      extraEgress: [{ ports: [{ port: 3128, protocol: 'TCP' }] }],
    },
    baseurl: 'http://releases.internal:8080/fiaas',
  },
  'pods of a special kind': {
    api: podChoices('api'),
    worker: { ...podChoices('worker'), replicas: 5 },
    redis: { nodeSelector: { disk: 'ssd' }, tolerations: [{ operator: 'Exists' }] },
    imagePullSecrets: [{ name: 'registry' }],
    image: { repository: 'registry.example.com/skipper', digest: `sha256:${'0a'.repeat(32)}` },
    caBundle: { configMap: 'corporate-ca' },
    auth: { existingSecret: 'skipper-token' },
    extraVolumes: [{ name: 'releases', configMap: { name: 'releases', optional: true } }],
    extraVolumeMounts: [{ name: 'releases', mountPath: '/releases', readOnly: true }],
    baseurl: '/releases',
    config: { 'log-format': 'json', concurrency: 200, 'grace-period': 90 },
  },
  'a CA in a Secret': { caBundle: { secret: 'corporate-ca', key: 'bundle.pem' } },
  'an HPA on CPU': { worker: { autoscaling: { enabled: true } } },
  'an HPA on a metric': {
    worker: {
      autoscaling: {
        enabled: true,
        hpaMetrics: [
          {
            type: 'External',
            external: {
              metric: { name: 'skipper_queue_jobs' },
              target: { type: 'AverageValue', averageValue: '100' },
            },
          },
        ],
      },
    },
  },
  'KEDA on Redis': { worker: { autoscaling: { enabled: true, type: 'keda' } } },
  'KEDA on Prometheus': {
    worker: { autoscaling: { enabled: true, type: 'keda', prometheusServer: 'http://prometheus:9090' } },
    redis: { enabled: false, external: { existingSecret: 'redis-url' } },
  },
  monitoring: {
    monitoring: {
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      prometheusRule: { enabled: true, labels: { release: 'prometheus' }, alertLabels: { severity: 'page' } },
      grafanaDashboard: { enabled: true, annotations: { grafana_folder: 'FIAAS' } },
    },
  },
};

function podChoices(component: string) {
  return {
    resources: { requests: { cpu: 1, memory: '1Gi' }, limits: { memory: '1Gi' } },
    extraEnv: [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=800' }],
    serviceAccountAnnotations: { component },
    nodeSelector: { pool: component },
    tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
    affinity: { nodeAffinity: {} },
    priorityClassName: 'system-cluster-critical',
  };
}
