import { statusOf } from '../../domain/cluster/status.ts';
import { SkipperError } from '../../domain/errors.ts';
import { NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import { NamespaceLogs } from '../../domain/explain/namespace-logs.ts';
import { StatusList } from '../../domain/fleet/status-row.ts';
import { Problem } from '../../domain/problem.ts';
import type { NamespaceRecord } from '../../domain/rollout/namespace-record.ts';
import { describeNamespace } from '../namespace-details/describe-namespace.ts';
import { readNamespace } from '../namespace-details/read-namespace.ts';
import { type RouteServices, route } from '../route.ts';
import { NamespaceView } from '../schemas.ts';
import { jobLink, rolloutLink, statusRow } from '../views.ts';
import { withholdObjects } from '../withhold.ts';

export const statusRoute = route({
  method: 'get',
  path: '/api/status',
  operationId: 'getStatus',
  summary: "The status of every namespace: upstream's six keys, and the current activity",
  mutates: false,
  responses: { 200: { description: 'One entry per namespace', schema: StatusList } },
  handle: async ({ answers }) => ({ status: 200, body: answers.status() }),
});

export const namespaceRoute = route({
  method: 'get',
  path: '/api/namespaces/:namespace',
  operationId: 'getNamespace',
  summary: 'Everything known about one namespace, and why it is in its state',
  mutates: false,
  showsMoreWithToken: true,
  responses: {
    200: { description: 'The namespace', schema: NamespaceView },
    404: { description: 'It is not a FIAAS namespace', schema: Problem },
  },
  handle: async ({ params: { namespace = '' }, isTrusted, base, ...services }) => {
    const known = await readNamespace(services, namespace);
    const snapshot = isTrusted ? known : withholdObjects(known);
    const { config, namespace: _namespace, ...objects } = snapshot;
    const [records, details] = await Promise.all([
      recordsIfConnected(services, [namespace]),
      describeNamespace({ ...services, isTrusted }, known, base),
    ]);
    const record = records.get(namespace);
    const body = {
      ...statusRow(statusOf(snapshot), record),
      ...objects,
      ...(config?.ok ? { config: config.value } : {}),
      ...(record === undefined ? {} : { record }),
      ...details,
      links: {
        self: `${base}/api/namespaces/${namespace}`,
        objects: `${base}/api/namespaces/${namespace}/objects`,
        logs: `${base}/api/namespaces/${namespace}/logs`,
        page: `${base}/status/${namespace}`,
        ...(record === undefined
          ? {}
          : { job: jobLink(record.jobId, base), rollout: rolloutLink(record.rolloutId, base) }),
      },
    };
    return { status: 200, body };
  },
});

export const namespaceObjectsRoute = route({
  method: 'get',
  path: '/api/namespaces/:namespace/objects',
  operationId: 'getNamespaceObjects',
  summary: "A namespace's current objects, and what a deploy would change",
  mutates: false,
  showsObjects: true,
  responses: {
    200: { description: 'The objects; those that cannot be read have the reason', schema: NamespaceObjects },
    404: { description: 'It is not a FIAAS namespace', schema: Problem },
  },
  handle: async ({ params: { namespace = '' }, ...services }) => {
    await readNamespace(services, namespace);
    return { status: 200, body: await services.objects.read(namespace) };
  },
});

export const namespaceLogsRoute = route({
  method: 'get',
  path: '/api/namespaces/:namespace/logs',
  operationId: 'getNamespaceLogs',
  summary: "The last log lines of FDD's pods, also of before their last crash",
  mutates: false,
  showsObjects: true,
  responses: {
    200: { description: 'The logs; one that cannot be read has the reason', schema: NamespaceLogs },
    404: { description: 'It is not a FIAAS namespace', schema: Problem },
    503: { description: 'No worker has read them in time', schema: Problem },
  },
  handle: async ({ params: { namespace = '' }, ...services }) => {
    await readNamespace(services, namespace);
    const logs = await services.podLogs.read(namespace);
    return { status: 200, body: { namespace, readAt: Date.now(), logs } };
  },
});

/** While Redis is down the state of the cluster is returned without records. */
async function recordsIfConnected(
  { state }: Pick<RouteServices, 'state'>,
  namespaces: readonly string[],
): Promise<Map<string, NamespaceRecord>> {
  try {
    return await state.records(namespaces);
  } catch (error) {
    if (error instanceof SkipperError && error.code === 'redis_unavailable') return new Map();
    throw error;
  }
}
