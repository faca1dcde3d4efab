import { APPLICATIONS, pathOf } from '../../shared/kubernetes/resources.ts';
import { unknownArguments } from './bootstrap-arguments.ts';
import type { ContainerExit } from './container-runtime.ts';
import { sleep } from './delays.ts';
import { readMountedConfiguration } from './fdd-configuration.ts';
import { type DeployRun, deployApplication, type FddContext, info, logLevel } from './fdd-deploy.ts';
import { BOOTSTRAP, BOOTSTRAP_LABEL, DEPLOYMENT_ID_LABEL } from './fdd-names.ts';
import type { Application } from './kubernetes-objects.ts';
import { mainContainer } from './main-container.ts';
import { whileHanging, whileSlow } from './misbehaviour.ts';
import type { Program } from './program.ts';

interface Outcome {
  readonly name: string;
  result: string;
}

/** `fiaas-deploy-daemon-bootstrap`: deploys the Applications that are labelled for it, and waits until all have succeeded. */
export async function runBootstrap(context: FddContext, program: Program): Promise<ContainerExit> {
  const { pod, version, log, signal } = program;
  const args = mainContainer(pod.spec)?.args ?? [];
  const refused = refuseArguments(version, args, log);
  if (refused !== undefined) return { exitCode: refused };
  log(info(`${BOOTSTRAP} starting, version ${version}`));
  const where = { namespace: pod.metadata.namespace, version };
  await whileSlow(context.misbehaviour, where, signal);
  const exits = context.misbehaviour.find('bootstrap-exits', where);
  if (exits !== undefined) {
    for (const line of exits.lines ?? []) log(logLevel(exits.exitCode === 0 ? 'INFO' : 'ERROR', line));
    return { exitCode: exits.exitCode };
  }
  await whileHanging(context.misbehaviour, where, signal);
  return { exitCode: await deployAll(context, program) };
}

function refuseArguments(
  version: string,
  args: readonly string[],
  log: (line: string) => void,
): number | undefined {
  const unknown = unknownArguments(version, args);
  if (unknown.length > 0) {
    log(`usage: ${BOOTSTRAP} [-h] ...`);
    log(`${BOOTSTRAP}: error: unrecognized arguments: ${unknown.join(' ')}`);
    return 2;
  }
  if (args.includes('--enable-crd-support')) return undefined;
  log(logLevel('ERROR', 'Custom Resource Definition support must be enabled when bootstrapping'));
  return 1;
}

async function deployAll(context: FddContext, program: Program): Promise<number> {
  const { pod, signal, log } = program;
  const configuration = await readMountedConfiguration(context.readConfiguration, pod);
  const applications = await listMarked(context, pod.metadata.namespace);
  const runs: DeployRun[] = [];
  for (const application of applications) {
    const deploymentId = application.metadata.labels?.[DEPLOYMENT_ID_LABEL];
    if (deploymentId === undefined) {
      const name = application.metadata.name;
      log(logLevel('ERROR', `The Application ${name} is missing the '${DEPLOYMENT_ID_LABEL}' label`));
      return 1;
    }
    const { version } = program;
    // Its own version is in the environment that a Deployment gives to FDD; a bootstrap pod has none.
    const deployedBy = '';
    runs.push({
      application,
      deploymentId,
      version,
      deployedBy,
      configuration,
      replacesItself: false,
      signal,
      log,
    });
  }
  return waitForAll(
    context,
    program,
    runs.map((run) => start(context, run)),
  );
}

async function listMarked({ client }: FddContext, namespace: string): Promise<readonly Application[]> {
  const path = pathOf(APPLICATIONS, { namespace });
  const labelSelector = `${BOOTSTRAP_LABEL}=true`;
  const list = await client.request<{ items: readonly Application[] }>({
    method: 'GET',
    path,
    query: { labelSelector },
  });
  return list.items;
}

function start(context: FddContext, run: DeployRun): Outcome {
  const outcome: Outcome = { name: run.application.metadata.name, result: 'scheduled' };
  void deployApplication(context, run).then((result) => {
    outcome.result = result;
  });
  return outcome;
}

/** A failure does not end it early: it polls until its timeout. */
async function waitForAll(
  { delays }: FddContext,
  { signal, log }: Program,
  outcomes: readonly Outcome[],
): Promise<number> {
  const startedAt = Date.now();
  while (Date.now() - startedAt < delays.bootstrapTimeoutMs && !signal.aborted) {
    if (outcomes.every(({ result }) => result === 'SUCCESS')) {
      log(info(`Bootstrapped ${outcomes.length} applications`));
      return 0;
    }
    await sleep(delays.bootstrapPollMs, signal);
  }
  log(
    logLevel(
      'ERROR',
      `Timed out after waiting ${delays.bootstrapTimeoutMs / 1_000}s for applications to become ready.`,
    ),
  );
  for (const { name, result } of outcomes) log(logLevel('ERROR', `${name} had final state ${result}`));
  return 1;
}
