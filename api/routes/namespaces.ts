import type { Core } from '../../shared/core.ts';
import { isReady } from '../../shared/redis.ts';
import type { NamespaceRecord } from '../../shared/state/desired-state.ts';
import { HttpProblem } from '../problem.ts';
import { route } from '../route.ts';
import { NamespaceView, Problem, StatusList } from '../schemas.ts';
import { jobLink, statusRow } from '../views.ts';

export const statusRoute = route({
  method: 'get',
  path: '/api/status',
  operationId: 'getStatus',
  summary: "Every namespace's status: upstream's six keys, and what is going on",
  mutates: false,
  responses: { 200: { description: 'One entry per namespace', schema: StatusList } },
  handle: async ({ core }) => {
    const namespaces = core.fleet.namespaces();
    const records = await recordsIfThere(core, namespaces);
    const rows = namespaces.map((namespace) =>
      statusRow(core.fleet.snapshot(namespace), records.get(namespace)),
    );
    return { status: 200, body: rows };
  },
});

export const namespaceRoute = route({
  method: 'get',
  path: '/api/namespaces/:namespace',
  operationId: 'getNamespace',
  summary: 'All that is known of one namespace',
  mutates: false,
  responses: {
    200: { description: 'The namespace', schema: NamespaceView },
    404: { description: 'It is no FIAAS namespace', schema: Problem },
  },
  handle: async ({ core, params: { namespace = '' } }) => {
    const snapshot = core.fleet.snapshot(namespace);
    if (!snapshot.config) {
      const detail = `"${namespace}" is no FIAAS namespace: it has no ConfigMap named fiaas-deploy-daemon`;
      throw new HttpProblem(404, 'not_found', detail);
    }
    const record = (await recordsIfThere(core, [namespace])).get(namespace);
    const { config, namespace: _namespace, ...objects } = snapshot;
    const body = {
      ...statusRow(snapshot, record),
      ...objects,
      ...(config.ok ? { config: config.value } : {}),
      ...(record === undefined ? {} : { record }),
      links: {
        self: `/api/namespaces/${namespace}`,
        ...(record === undefined
          ? {}
          : { job: jobLink(record.jobId), rollout: `/api/deployments/${record.rolloutId}` }),
      },
    };
    return { status: 200, body };
  },
});

/** What is seen of the cluster is worth telling also while Redis is away. */
async function recordsIfThere(
  { state, redis }: Core,
  namespaces: readonly string[],
): Promise<Map<string, NamespaceRecord>> {
  if (!isReady(redis)) return new Map();
  return state.records(namespaces).catch(() => new Map());
}
