import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { APPLICATION_STATUSES, pathOf } from '../../shared/kubernetes/resources.ts';
import { keyOf } from '../../shared/kubernetes/watch.ts';
import { applicationReference } from './fdd-manifests.ts';
import { DEPLOYMENT_ID_LABEL, LAST_UPDATED_ANNOTATION } from './fdd-names.ts';
import type { Feed } from './feed.ts';
import { type Application, type ApplicationStatus, versionOf } from './kubernetes-objects.ts';
import { hasCode } from './patient-client.ts';
import { statusName } from './status-name.ts';

/** FDD keeps so many of an application. */
const STATUSES_TO_KEEP = 10;

export type DeployResult = 'INITIATED' | 'RUNNING' | 'SUCCESS' | 'FAILED';

export interface StatusReport {
  readonly application: Application;
  readonly deploymentId: string;
  readonly result: DeployResult;
  readonly logs: readonly string[];
}

/** All ApplicationStatus objects as FDD sees them: what was reported, and how to report. */
export interface StatusBook {
  /** The result that is on record for an id. */
  resultOf(namespace: string, application: string, deploymentId: string): string | undefined;
  save(report: StatusReport): Promise<void>;
}

interface KnownStatus {
  readonly application: string;
  readonly result: string;
  readonly lastUpdated: string;
  readonly version: number;
}

export function openStatusBook(options: {
  readonly client: KubernetesClient;
  readonly ownsNamespace: (namespace: string) => boolean;
  readonly statuses: Feed<ApplicationStatus>;
}): StatusBook {
  const { client } = options;
  const byNamespace = new Map<string, Map<string, KnownStatus>>();

  function remember(status: ApplicationStatus): void {
    const { namespace, name, labels, annotations } = status.metadata;
    if (!options.ownsNamespace(namespace)) return;
    const known = byNamespace.get(namespace) ?? new Map<string, KnownStatus>();
    byNamespace.set(namespace, known);
    // Our own write may be ahead of the watch.
    if ((known.get(name)?.version ?? -1) >= versionOf(status.metadata)) return;
    known.set(name, {
      application: labels?.app ?? '',
      result: status.result ?? '',
      lastUpdated: annotations?.[LAST_UPDATED_ANNOTATION] ?? '',
      version: versionOf(status.metadata),
    });
  }

  function forget(key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    const known = byNamespace.get(namespace);
    known?.delete(name);
    if (known?.size === 0) byNamespace.delete(namespace);
  }

  function isKnown({ application, deploymentId }: StatusReport): boolean {
    const name = statusName(application.metadata.name, deploymentId);
    return byNamespace.get(application.metadata.namespace)?.has(name) === true;
  }

  async function write(report: StatusReport): Promise<void> {
    const body = statusObject(report);
    const { namespace } = body.metadata;
    if (isKnown(report)) {
      const patched = await patch(body).catch(unlessMissing);
      if (patched !== undefined) {
        remember(patched);
        return;
      }
      forget(keyOf(body));
    }
    try {
      remember(await client.create<ApplicationStatus>(APPLICATION_STATUSES, namespace, body));
    } catch (error) {
      if (!hasCode(error, 'conflict')) throw error;
      remember(await patch(body));
    }
  }

  function patch(body: ApplicationStatusBody): Promise<ApplicationStatus> {
    const { namespace, name } = body.metadata;
    const path = pathOf(APPLICATION_STATUSES, { namespace, name });
    return client.request<ApplicationStatus>({ method: 'PATCH', patchType: 'merge', path, body });
  }

  async function cleanUp({ application }: StatusReport): Promise<void> {
    const { namespace, name: app } = application.metadata;
    const known = byNamespace.get(namespace);
    if (known === undefined || known.size <= STATUSES_TO_KEEP) return;
    const oldestFirst = [...known]
      .filter(([, status]) => status.application === app)
      .sort(([, a], [, b]) => (a.lastUpdated < b.lastUpdated ? -1 : 1));
    for (const [name] of oldestFirst.slice(0, -STATUSES_TO_KEEP)) {
      known.delete(name);
      await client.delete(APPLICATION_STATUSES, { namespace, name });
    }
  }

  options.statuses.listen({ onUpsert: remember, onDelete: forget });
  return {
    resultOf: (namespace, application, deploymentId) =>
      byNamespace.get(namespace)?.get(statusName(application, deploymentId))?.result,
    save: async (report) => {
      await write(report);
      await cleanUp(report);
    },
  };
}

type ApplicationStatusBody = ReturnType<typeof statusObject>;

function statusObject({ application, deploymentId, result, logs }: StatusReport) {
  const { name: app, namespace } = application.metadata;
  return {
    apiVersion: APPLICATION_STATUSES.apiVersion,
    kind: APPLICATION_STATUSES.kind,
    metadata: {
      name: statusName(app, deploymentId),
      namespace,
      labels: { app, [DEPLOYMENT_ID_LABEL]: deploymentId },
      annotations: { [LAST_UPDATED_ANNOTATION]: new Date().toISOString().replace('Z', '000+00:00') },
      ownerReferences: [applicationReference(application)],
    },
    result,
    logs,
  };
}

function unlessMissing(error: unknown): undefined {
  if (!hasCode(error, 'not_found')) throw error;
  return undefined;
}
