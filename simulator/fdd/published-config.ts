/** The one fiaas.yml that all published releases share. */
export const PUBLISHED_CONFIG = {
  version: 3,
  admin_access: true,
  replicas: { maximum: 1, minimum: 1 },
  resources: { requests: { memory: '128Mi' } },
  ports: [{ target_port: 5000 }],
  healthchecks: { liveness: { http: { path: '/healthz' } } },
  metrics: { prometheus: { path: '/internal-backstage/prometheus' } },
} as const;
