import * as z from 'zod';
import { versionOf } from '../release/image.ts';
import { awaitsFdd } from './awaits-fdd.ts';
import type { NamespaceSnapshot } from './observed.ts';
import { describeSymptom, tampered } from './symptoms.ts';

/** Upstream's five values and our own, worst first. */
export const STATUSES = [
  'FAILED',
  'UNAVAILABLE',
  'NOT_FOUND',
  'VERSION_MISMATCH',
  'CONFIG_ERROR',
  'HELM_MANAGED',
  'OK',
] as const;
export const StatusValue = z.enum(STATUSES).meta({ id: 'Status' });
export type StatusValue = z.infer<typeof StatusValue>;

/** One row of `GET /api/status`: upstream's six keys. */
export const NamespaceStatus = z.object({
  name: z.string(),
  namespace: z.string(),
  status: StatusValue,
  description: z.string(),
  version: z.string().describe('What runs now; empty if nothing does'),
  channel: z.string(),
});
export type NamespaceStatus = Readonly<z.infer<typeof NamespaceStatus>>;

/** Upstream's rules, first match wins; before them the cases that upstream cannot detect. */
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
      description: `Managed by Helm release ${deployment.helmRelease}: Skipper does not change it`,
    };
  }
  if (!application) {
    return { status: 'VERSION_MISMATCH', description: 'There is a Deployment, but no Application' };
  }
  if (deployment.image !== application.image) {
    return {
      status: 'VERSION_MISMATCH',
      description: `Runs ${versionOf(deployment.image)}, the Application${overwrittenBy(snapshot)} specifies ${versionOf(application.image)}`,
    };
  }
  const [change] = tampered(snapshot);
  if (deployment.availableReplicas === undefined) {
    return {
      status: 'UNAVAILABLE',
      description: change ? describeSymptom(change) : 'No replica of FDD is available',
    };
  }
  if (deployment.availableReplicas < deployment.replicas) {
    return {
      status: 'FAILED',
      description: `${deployment.availableReplicas} of ${deployment.replicas} replicas are available`,
    };
  }
  return { status: 'OK', description: '' };
}

/** A new image with the deployment id that FDD runs: a request would have a new id, so somebody else wrote it. */
function overwrittenBy(snapshot: NamespaceSnapshot): string {
  const { lastWriter } = snapshot.application ?? {};
  return lastWriter === undefined || awaitsFdd(snapshot) ? '' : `, last written by ${lastWriter},`;
}
