import { sleep } from './delays.ts';
import { type FddContext, info } from './fdd-deploy.ts';
import { DEPLOYMENT_ID_LABEL } from './fdd-names.ts';
import type { Hearing } from './hearing.ts';
import type { Application } from './kubernetes-objects.ts';
import { whileHanging } from './misbehaviour.ts';
import type { Program } from './program.ts';
import type { DeployResult } from './status-book.ts';

/**
 * What FDD is there for: it deploys the other Applications of its namespace, one after the other. Here only the reports are
 * written, as Skipper sees nothing else of it. Returns how to end it.
 */
export function deployOthers(context: FddContext, program: Program, hearing: Hearing): () => void {
  const { applications } = context;
  const { namespace } = program.pod.metadata;
  const waiting = new Map<string, Application>();
  let busy = false;
  const hear = (application: Application) => {
    if (hearing.isDeaf() || isDone(context, application)) return;
    waiting.set(application.metadata.name, application);
    if (busy) return;
    busy = true;
    void work().finally(() => {
      busy = false;
    });
  };

  async function work(): Promise<void> {
    for (const [name, application] of waiting) {
      waiting.delete(name);
      await report(context, program, application).catch((error: unknown) =>
        program.log(info(`Error while deploying ${name}: ${String(error)}`)),
      );
    }
  }

  const forget = applications.listenToOthers(namespace, hear);
  for (const application of applications.others(namespace)) hear(application);
  return forget;
}

function isDone({ statusBook }: FddContext, { metadata }: Application): boolean {
  const deploymentId = metadata.labels?.[DEPLOYMENT_ID_LABEL];
  if (deploymentId === undefined) return true;
  return statusBook.resultOf(metadata.namespace, metadata.name, deploymentId) === 'SUCCESS';
}

async function report(context: FddContext, program: Program, application: Application): Promise<void> {
  const { misbehaviour, delays, statusBook } = context;
  const { version, signal } = program;
  const { namespace, name, labels } = application.metadata;
  const deploymentId = labels?.[DEPLOYMENT_ID_LABEL] ?? '';
  await whileHanging(misbehaviour, { namespace, version }, signal);
  const results: readonly DeployResult[] = ['INITIATED', 'RUNNING', 'SUCCESS'];
  for (const result of results) {
    if (signal.aborted) return;
    const line = info(`Saving result ${result} for ${namespace}/${name} deployment_id=${deploymentId}`);
    program.log(line);
    await statusBook.save({ application, deploymentId, result, logs: [line] });
    await sleep(delays.fddStepMs, signal);
  }
}
