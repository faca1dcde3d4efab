import { versionOf } from '../release/image.ts';
import type { NamespaceSnapshot } from './observed.ts';

/** Upstream's five values, and ours. */
export type StatusValue =
  | 'OK'
  | 'NOT_FOUND'
  | 'VERSION_MISMATCH'
  | 'UNAVAILABLE'
  | 'FAILED'
  | 'CONFIG_ERROR'
  | 'HELM_MANAGED';

/** One row of `GET /api/status`: upstream's six keys. */
export interface NamespaceStatus {
  readonly name: string;
  readonly namespace: string;
  readonly status: StatusValue;
  readonly description: string;
  /** What runs now; empty where nothing does. */
  readonly version: string;
  readonly channel: string;
}

/** Upstream's rules, first match wins, with the cases before them that upstream could not tell. */
export function statusOf(snapshot: NamespaceSnapshot): NamespaceStatus {
  const { status, description } = judgeStatus(snapshot);
  return {
    name: 'fiaas-deploy-daemon',
    namespace: snapshot.namespace,
    status,
    description,
    version: snapshot.deployment ? versionOf(snapshot.deployment.image) : '',
    channel: snapshot.config?.ok ? snapshot.config.value.tag : '',
  };
}

function judgeStatus(snapshot: NamespaceSnapshot): Pick<NamespaceStatus, 'status' | 'description'> {
  const { config, deployment, application } = snapshot;
  if (config && !config.ok) return { status: 'CONFIG_ERROR', description: config.reason };
  if (!deployment) return { status: 'NOT_FOUND', description: 'FDD is not deployed: there is no Deployment' };
  if (deployment.helmRelease !== undefined) {
    return {
      status: 'HELM_MANAGED',
      description: `Managed by Helm release ${deployment.helmRelease}: Skipper leaves it alone`,
    };
  }
  if (!application) {
    return { status: 'VERSION_MISMATCH', description: 'There is a Deployment, but no Application' };
  }
  if (deployment.image !== application.image) {
    return {
      status: 'VERSION_MISMATCH',
      description: `Runs ${versionOf(deployment.image)}, the Application asks for ${versionOf(application.image)}`,
    };
  }
  if (deployment.availableReplicas === undefined) {
    return { status: 'UNAVAILABLE', description: 'No replica of FDD is available' };
  }
  if (deployment.availableReplicas < deployment.replicas) {
    return {
      status: 'FAILED',
      description: `${deployment.availableReplicas} of ${deployment.replicas} replicas are available`,
    };
  }
  return { status: 'OK', description: '' };
}
