import { messageOf } from '../../domain/errors.ts';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { APPLICATIONS, DEPLOYMENTS, pathOf } from '../../shared/kubernetes/resources.ts';
import type { ApplicationBoard } from './application-board.ts';
import { type Delays, silence, sleep } from './delays.ts';
import type { ConfigurationReader, FddConfiguration } from './fdd-configuration.ts';
import { fddDeployment } from './fdd-manifests.ts';
import { DEPLOYMENT_ID_LABEL } from './fdd-names.ts';
import type { Application } from './kubernetes-objects.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import { hasCode } from './patient-client.ts';
import type { DeployResult, StatusBook } from './status-book.ts';

/** The dependencies of every simulated FDD and bootstrap. All of them share the simulator's (admin) client. */
export interface FddContext {
  readonly client: KubernetesClient;
  readonly misbehaviour: Misbehaviour;
  readonly delays: Delays;
  readonly statusBook: StatusBook;
  readonly applications: ApplicationBoard;
  readonly readConfiguration: ConfigurationReader;
}

export interface DeployRun {
  readonly application: Application;
  readonly deploymentId: string;
  /** Of the program that deploys. */
  readonly version: string;
  /** What the program calls itself in `fiaas/deployed_by`; a bootstrap does not know. */
  readonly deployedBy: string;
  readonly configuration: FddConfiguration;
  /** True if the written Deployment is the program's own: its pod will be replaced. */
  readonly replacesItself: boolean;
  /** Aborted when the program's pod is stopped: it dies between two writes. */
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Thrown to end a program whose pod is stopped. */
class Killed extends Error {}

/** One deploy, as FDD does it: reports INITIATED, RUNNING, writes the Deployment, reports SUCCESS or FAILED. */
export async function deployApplication(
  context: FddContext,
  run: DeployRun,
): Promise<DeployResult | 'KILLED'> {
  const lines: string[] = [];
  const attempt = { ...run, log: (line: string) => logLine(run, lines, line), lines };
  try {
    return await deploySteps(context, attempt);
  } catch (error) {
    if (error instanceof Killed || run.signal.aborted) return 'KILLED';
    if (hasCode(error, 'namespace_gone')) return 'FAILED';
    return fail(context, attempt, [`Error while deploying ${nameOf(run)}: ${messageOf(error)}`]).catch(
      () => 'FAILED',
    );
  }
}

interface Attempt extends DeployRun {
  readonly lines: readonly string[];
}

async function deploySteps(context: FddContext, run: Attempt): Promise<DeployResult> {
  const { misbehaviour, delays } = context;
  const where = { namespace: run.application.metadata.namespace, version: run.version };
  await report(context, run, 'INITIATED');
  await step(context, run);
  await report(context, run, 'RUNNING');
  await step(context, run);
  const failure = misbehaviour.find('failed', where);
  if (failure !== undefined && !failure.afterDeployment) return fail(context, run, failure.lines);
  const isFirst = await writeDeployment(context, run);
  if (failure !== undefined) return fail(context, run, failure.lines);
  // The second write of the same id only changes `fiaas/deployed_by`; SUCCESS was observed before its rollout was complete.
  const dyingMs = run.replacesItself && isFirst ? delays.successAfterDeploymentMs : 0;
  const leavesRunning = misbehaviour.find('status-left-running', where) !== undefined && run.replacesItself;
  if (leavesRunning || run.configuration.includeStatusInApp) {
    await reportInApplication(context, run, 'SUCCESS');
  }
  await (leavesRunning ? silence(run.signal) : sleep(dyingMs, run.signal));
  await reportInStatus(context, run, 'SUCCESS');
  run.log(info(`Completed deployment of ${nameOf(run)}`));
  return 'SUCCESS';
}

async function fail(context: FddContext, run: Attempt, lines: readonly string[]): Promise<DeployResult> {
  for (const line of lines) run.log(logLevel('ERROR', line));
  await report(context, run, 'FAILED');
  return 'FAILED';
}

function step({ delays }: FddContext, { signal }: DeployRun): Promise<void> {
  return sleep(delays.fddStepMs, signal);
}

/** In the order of the real FDD: Application.status first, so that it can be the only one written. */
async function report(context: FddContext, run: Attempt, result: DeployResult): Promise<void> {
  throwIfKilled(run);
  if (run.configuration.includeStatusInApp) await reportInApplication(context, run, result);
  await reportInStatus(context, run, result);
}

async function reportInStatus({ statusBook }: FddContext, run: Attempt, result: DeployResult): Promise<void> {
  throwIfKilled(run);
  const { application, deploymentId } = run;
  const { name, namespace } = application.metadata;
  run.log(info(`Saving result ${result} for ${namespace}/${name} deployment_id=${deploymentId}`));
  await statusBook.save({ application, deploymentId, result, logs: [...run.lines] });
}

async function reportInApplication(
  { client, applications }: FddContext,
  run: Attempt,
  result: DeployResult,
): Promise<void> {
  const { name, namespace, generation } = run.application.metadata;
  const logs = run.lines.filter((line) => line.includes('|  ERROR]'));
  const status = { result, observedGeneration: generation, logs, deployment_id: run.deploymentId };
  await client
    .request<Application>({
      method: 'PATCH',
      patchType: 'merge',
      path: pathOf(APPLICATIONS, { namespace, name, subresource: 'status' }),
      body: { status },
    })
    .then(applications.observe)
    .catch((error: unknown) => {
      // A definition without the status subresource.
      if (!hasCode(error, 'not_found', 'crd_missing')) throw error;
    });
}

/** Creates or changes the Deployment; returns whether it had another deployment id before. */
async function writeDeployment({ client }: FddContext, run: DeployRun): Promise<boolean> {
  throwIfKilled(run);
  const { namespace } = run.application.metadata;
  const name = nameOf(run);
  run.log(info(`Creating new deployment for ${name}`));
  const body = fddDeployment(run);
  const before = await client.get<Application>(DEPLOYMENTS, { namespace, name });
  throwIfKilled(run);
  if (before !== undefined) await patchDeployment(client, namespace, name, body);
  else {
    await client.create(DEPLOYMENTS, namespace, body).catch((error: unknown) => {
      if (!hasCode(error, 'conflict')) throw error;
      return patchDeployment(client, namespace, name, body);
    });
  }
  return before?.metadata.labels?.[DEPLOYMENT_ID_LABEL] !== run.deploymentId;
}

/** FDD does GET, merge and PUT; a merge patch does the same: outside of arrays its PUT removes only `paused`. */
export function patchDeployment(
  client: KubernetesClient,
  namespace: string,
  name: string,
  deployment: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const path = pathOf(DEPLOYMENTS, { namespace, name });
  const body = { ...deployment, spec: { ...Object(deployment.spec), paused: null } };
  return client.request({ method: 'PATCH', patchType: 'merge', path, body });
}

function throwIfKilled({ signal }: DeployRun): void {
  if (signal.aborted) throw new Killed();
}

function nameOf(run: DeployRun): string {
  return run.application.spec.application;
}

function logLine(run: DeployRun, lines: string[], line: string): void {
  lines.push(line);
  run.log(line);
}

export function info(message: string): string {
  return logLevel('INFO', message);
}

/** FDD's plain log format. */
export function logLevel(level: string, message: string): string {
  const time = new Date().toISOString().replace('T', ' ').replace('.', ',').replace('Z', '');
  return `[${time}|${level.padStart(7)}] ${message} [fiaas_deploy_daemon|MainThread]`;
}
