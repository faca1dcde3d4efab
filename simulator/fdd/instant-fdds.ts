import type { Logger } from 'pino';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { DEPLOYMENTS, pathOf } from '../../shared/kubernetes/resources.ts';
import { deploymentStatus, saysAlready } from './deployment-status.ts';
import type { ConfigurationReader } from './fdd-configuration.ts';
import { info, logLevel, patchDeployment } from './fdd-deploy.ts';
import { fddDeployment } from './fdd-manifests.ts';
import { DEPLOYMENT_ID_LABEL, FDD, imageVersion } from './fdd-names.ts';
import type { Feed } from './feed.ts';
import { type Application, type Deployment, withoutManagedFields } from './kubernetes-objects.ts';
import { mainContainer } from './main-container.ts';
import { type Misbehaviour, type Whereabouts, whileHanging, whileSlow } from './misbehaviour.ts';
import { hasCode } from './patient-client.ts';
import type { StatusBook } from './status-book.ts';

export interface InstantFddsOptions {
  readonly client: KubernetesClient;
  readonly log: Logger;
  readonly ownsNamespace: (namespace: string) => boolean;
  readonly misbehaviour: Misbehaviour;
  readonly statusBook: StatusBook;
  readonly readConfiguration: ConfigurationReader;
  readonly deployments: Feed<Deployment>;
  readonly applicationFeed: Feed<Application>;
  readonly signal: AbortSignal;
}

interface InstantFdd {
  readonly namespace: string;
  application: Application | undefined;
  /** Those whose latest id is not reported on. */
  readonly others: Map<string, Application>;
  /** Without it, only a bootstrap reacts. */
  hasDeployment: boolean;
  taken: string | undefined;
  busy: boolean;
}

/**
 * FDDs in three writes: the Deployment, SUCCESS, and the Deployment's status, all at once; no pods, no RUNNING, no
 * second restart. The rest is what Skipper has to wait for. Faults of pods only show in the Deployment's replica counts.
 * Bootstrap pods are run as usual.
 */
export function startInstantFdds(options: InstantFddsOptions): void {
  const { log, signal, ownsNamespace, misbehaviour } = options;
  const fdds = new Map<string, InstantFdd>();

  function fddOf(namespace: string): InstantFdd {
    const known = fdds.get(namespace);
    if (known !== undefined) return known;
    const fdd: InstantFdd = {
      namespace,
      application: undefined,
      others: new Map(),
      hasDeployment: false,
      taken: undefined,
      busy: false,
    };
    fdds.set(namespace, fdd);
    return fdd;
  }

  function wake(fdd: InstantFdd): void {
    if (fdd.busy || !fdd.hasDeployment || isDeaf(fdd)) return;
    if (fdd.others.size === 0 && !isNew(options, fdd)) return;
    fdd.busy = true;
    takeUp(options, fdd)
      .catch((error: unknown) => complain(error, fdd.namespace))
      .finally(() => {
        fdd.busy = false;
        wake(fdd);
      });
  }

  /** They have no pods that could be replaced: they hear as soon as the fault is cleared. */
  function isDeaf({ namespace, application }: InstantFdd): boolean {
    const version = imageVersion(application?.spec.image ?? '');
    return misbehaviour.find('deaf', { namespace, version }) !== undefined;
  }

  function complain(error: unknown, namespace: string): void {
    if (!signal.aborted) log.warn({ err: error, namespace }, 'instant fdd cannot deploy');
  }

  options.applicationFeed.listen({
    onUpsert: (application) => {
      const { name, namespace } = application.metadata;
      if (!ownsNamespace(namespace)) return;
      const fdd = fddOf(namespace);
      if (name === FDD) fdd.application = application;
      else if (isUnreported(options, application)) fdd.others.set(name, withoutManagedFields(application));
      wake(fdd);
    },
    onDelete: (key) => {
      const [namespace = '', name] = key.split('/');
      if (name === FDD) fdds.delete(namespace);
      else fdds.get(namespace)?.others.delete(name ?? '');
    },
  });
  options.deployments.listen({
    onUpsert: (deployment) => {
      const { name, namespace } = deployment.metadata;
      if (name !== FDD || !ownsNamespace(namespace)) return;
      rollOut(options, deployment).catch((error: unknown) => complain(error, namespace));
      const fdd = fddOf(namespace);
      fdd.hasDeployment = true;
      wake(fdd);
    },
    onDelete: (key) => {
      const fdd = fdds.get(key.split('/')[0] ?? '');
      if (fdd !== undefined && key.endsWith(`/${FDD}`)) fdd.hasDeployment = false;
    },
  });
  // A pod's fault can appear or disappear without a change of the Deployment: check all of them again.
  misbehaviour.onChange(() => {
    for (const fdd of fdds.values()) {
      refresh(options, fdd).catch((error) => complain(error, fdd.namespace));
      wake(fdd);
    }
  });
}

function isNew({ statusBook }: InstantFddsOptions, fdd: InstantFdd): boolean {
  const { metadata } = fdd.application ?? {};
  const deploymentId = metadata?.labels?.[DEPLOYMENT_ID_LABEL];
  if (metadata === undefined || deploymentId === undefined) return false;
  if (`${deploymentId}/${metadata.generation}` === fdd.taken) return false;
  return statusBook.resultOf(metadata.namespace, FDD, deploymentId) !== 'SUCCESS';
}

function isUnreported({ statusBook }: InstantFddsOptions, { metadata }: Application): boolean {
  const { namespace, name, labels } = metadata;
  const deploymentId = labels?.[DEPLOYMENT_ID_LABEL];
  return deploymentId !== undefined && statusBook.resultOf(namespace, name, deploymentId) === undefined;
}

async function takeUp(options: InstantFddsOptions, fdd: InstantFdd): Promise<void> {
  if (isNew(options, fdd)) await takeUpOwn(options, fdd);
  for (const [name, application] of fdd.others) {
    fdd.others.delete(name);
    const deploymentId = application.metadata.labels?.[DEPLOYMENT_ID_LABEL] ?? '';
    await options.statusBook.save({ application, deploymentId, result: 'SUCCESS', logs: [] });
  }
}

async function takeUpOwn(options: InstantFddsOptions, fdd: InstantFdd): Promise<void> {
  const { client, misbehaviour, statusBook, signal } = options;
  const { application, namespace } = fdd;
  const deploymentId = application?.metadata.labels?.[DEPLOYMENT_ID_LABEL];
  if (application === undefined || deploymentId === undefined) return;
  fdd.taken = `${deploymentId}/${application.metadata.generation}`;
  const where = { namespace, version: imageVersion(application.spec.image) };
  await whileHanging(misbehaviour, where, signal);
  if (signal.aborted) return;
  const failure = misbehaviour.find('failed', where);
  if (failure !== undefined) {
    const logs = failure.lines.map((line) => logLevel('ERROR', line));
    return statusBook.save({ application, deploymentId, result: 'FAILED', logs });
  }
  const configuration = await options.readConfiguration(namespace);
  const deployedBy = where.version;
  const body = fddDeployment({ application, deploymentId, deployedBy, configuration });
  await patchDeployment(client, namespace, FDD, body);
  const result = misbehaviour.find('status-left-running', where) === undefined ? 'SUCCESS' : 'RUNNING';
  const logs = [info(`Saving result ${result} for ${namespace}/${FDD} deployment_id=${deploymentId}`)];
  await statusBook.save({ application, deploymentId, result, logs });
}

async function refresh({ client, ...options }: InstantFddsOptions, fdd: InstantFdd): Promise<void> {
  if (!fdd.hasDeployment) return;
  const deployment = await client.get<Deployment>(DEPLOYMENTS, { namespace: fdd.namespace, name: FDD });
  if (deployment !== undefined) await rollOut({ client, ...options }, deployment);
}

async function rollOut(options: InstantFddsOptions, deployment: Deployment): Promise<void> {
  const { client, misbehaviour, signal } = options;
  const { namespace, name, generation = 0 } = deployment.metadata;
  const version = imageVersion(mainContainer(deployment.spec.template.spec)?.image ?? '');
  const where = { namespace, version };
  const desired = deployment.spec.replicas ?? 1;
  const ready = isBroken(misbehaviour, where) ? 0 : desired;
  const counts = { generation, desired, ready, replicas: desired, updated: desired };
  const status = deploymentStatus({ ...counts, deadlineExceeded: false, createFailure: undefined }, name);
  if (saysAlready(deployment.status, status)) return;
  await whileSlow(misbehaviour, where, signal);
  const path = pathOf(DEPLOYMENTS, { namespace, name, subresource: 'status' });
  await client
    .request({ method: 'PATCH', patchType: 'merge', path, body: { status } })
    .catch((error: unknown) => {
      if (!hasCode(error, 'not_found', 'conflict', 'namespace_gone')) throw error;
    });
}

function isBroken(misbehaviour: Misbehaviour, where: Whereabouts): boolean {
  return (
    misbehaviour.find('crash-loop', where) !== undefined ||
    misbehaviour.find('image-pull-failure', where) !== undefined
  );
}
