import type { ContainerExit } from './container-runtime.ts';

import { type FddConfiguration, readMountedConfiguration } from './fdd-configuration.ts';
import { deployApplication, type FddContext, info, logLevel } from './fdd-deploy.ts';
import { DEPLOYMENT_ID_LABEL, FDD } from './fdd-names.ts';
import { openHearing } from './hearing.ts';
import type { Application } from './kubernetes-objects.ts';
import { mainContainer } from './main-container.ts';
import { whileHanging } from './misbehaviour.ts';
import { deployOthers } from './other-applications.ts';
import type { Program } from './program.ts';

/**
 * FDD itself: deploys every deployment id of its own Application that has not succeeded yet, until it is stopped, and reports
 * on all others.
 */
export async function runDaemon(context: FddContext, program: Program): Promise<ContainerExit> {
  const { applications } = context;
  const { pod, version, log, signal } = program;
  const { namespace } = pod.metadata;
  log(info(`fiaas-deploy-daemon starting, version ${version}`));
  const crash = context.misbehaviour.find('crash-loop', { namespace, version });
  if (crash !== undefined) {
    for (const line of crash.lines ?? ['General failure!']) log(logLevel('ERROR', line));
    return { exitCode: crash.exitCode ?? 1, ...(crash.reason ? { reason: crash.reason } : {}) };
  }
  const configuration = await readMountedConfiguration(context.readConfiguration, pod);
  if (signal.aborted) return { exitCode: 143 };
  let wanted = applications.current(namespace);
  let taken: string | undefined;
  let busy = false;
  const hearing = openHearing(context.misbehaviour, { namespace, version });
  const forgetOthers = deployOthers(context, program, hearing);
  return new Promise((resolve) => {
    const forget = applications.listen(namespace, (application) => {
      wanted = application;
      wake();
    });
    const forgetFaults = context.misbehaviour.onChange(wake);
    signal.addEventListener('abort', end, { once: true });
    wake();

    function wake(): void {
      if (busy) return;
      busy = true;
      void work();
    }

    async function work(): Promise<void> {
      for (let next = untaken(); next !== undefined && !signal.aborted; next = untaken()) {
        await whileHanging(context.misbehaviour, { namespace, version }, signal);
        taken = keyOfRun(next);
        await takeUp(context, program, configuration, next);
      }
      // In the same turn as the last check: later changes must wake it.
      busy = false;
      if (crashesNow()) resolveWith({ exitCode: 1 });
    }

    function untaken(): Application | undefined {
      if (hearing.isDeaf()) return undefined;
      return wanted !== undefined && keyOfRun(wanted) !== taken ? wanted : undefined;
    }

    function crashesNow(): boolean {
      return context.misbehaviour.find('crash-loop', { namespace, version }) !== undefined;
    }

    function end(): void {
      resolveWith({ exitCode: 143 });
    }

    function resolveWith(exit: ContainerExit): void {
      forget();
      forgetOthers();
      forgetFaults();
      hearing.end();
      signal.removeEventListener('abort', end);
      resolve(exit);
    }
  });
}

/** An Application is processed when its id or its spec has changed; a change of only the status is ignored. */
function keyOfRun({ metadata }: Application): string {
  return `${metadata.uid}/${metadata.labels?.[DEPLOYMENT_ID_LABEL]}/${metadata.generation}`;
}

async function takeUp(
  context: FddContext,
  program: Program,
  configuration: FddConfiguration,
  application: Application,
): Promise<void> {
  const { namespace, name, labels } = application.metadata;
  const deploymentId = labels?.[DEPLOYMENT_ID_LABEL];
  if (deploymentId === undefined) {
    program.log(logLevel('ERROR', `The Application ${name} is missing the '${DEPLOYMENT_ID_LABEL}' label`));
    return;
  }
  if (isDone(context, application, deploymentId)) return;
  await deployApplication(context, {
    application,
    deploymentId,
    version: program.version,
    deployedBy: ownVersion(program),
    configuration,
    replacesItself: name === FDD && program.pod.metadata.namespace === namespace,
    signal: program.signal,
    log: program.log,
  });
}

/** Either place counts: an FDD that died in between has written only Application.status. */
function isDone({ statusBook }: FddContext, application: Application, deploymentId: string): boolean {
  const { namespace, name } = application.metadata;
  const { status } = application;
  const inApplication = status?.deployment_id === deploymentId && status.result === 'SUCCESS';
  return inApplication || statusBook.resultOf(namespace, name, deploymentId) === 'SUCCESS';
}

function ownVersion({ pod, version }: Program): string {
  const env = mainContainer(pod.spec)?.env?.find(
    ({ name }) => name === 'VERSION' || name === 'FIAAS_VERSION',
  );
  return env?.value ?? version;
}
