import { badRequest, conflict, notFound } from './api-error.ts';
import { isObject, objectAt, stringAt } from './api-object.ts';
import type { Store } from './store.ts';
import { timestamp } from './timestamp.ts';
import type { WriteRequest, WriteResult } from './write-request.ts';

/** What the scheduler does: puts a pod on a node. */
export function bindPod({ type, namespace = '', name, body }: WriteRequest, store: Store): WriteResult {
  const binding = isObject(body) ? body : {};
  if (stringAt(objectAt(binding, 'metadata'), 'name') !== name) {
    throw badRequest('name in URL does not match name in Binding object');
  }
  const stored = store.get(type, namespace, name);
  if (stored === undefined) throw notFound(type, name);
  const current = stringAt(stored.object.spec, 'nodeName');
  if (current) {
    throw conflict(
      { ...type, plural: 'pods/binding' },
      name,
      `pod ${name} is already assigned to node "${current}"`,
    );
  }
  const nodeName = stringAt(objectAt(binding, 'target'), 'name') ?? '';
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: timestamp(new Date()),
  };
  const status = { ...objectAt(stored.object, 'status'), conditions: [scheduled] };
  store.put(type, { ...stored.object, spec: { ...objectAt(stored.object, 'spec'), nodeName }, status });
  return { code: 201, json: BOUND };
}

const BOUND = JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
});
