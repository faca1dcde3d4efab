import type { ObservedDeployment } from '../shared/domain/observed.ts';
import {
  type Evidence,
  type Expectation,
  explainTimeout,
  isAtOrAfter,
  isFinished,
  judge,
} from '../shared/domain/verify.ts';
import { SkipperError } from '../shared/errors.ts';
import { readDeployment } from './read-deployment.ts';
import type { RunContext } from './run-context.ts';
import { untilChange } from './until-change.ts';

/** The watch of Deployments has this long to show something newer than SUCCESS; then the Deployment is read. */
const FRESHNESS_WAIT_MS = 300;
/** Without any event the situation is judged again this often. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Waits on the shared watches until FDD has come up with a deployment; returns what its Deployment lacks of its
 * configuration. Throws with FDD's, the Deployment's and the pods' own reasons when it has failed, or has not come up
 * by the deadline (milliseconds since the epoch).
 */
export async function awaitVerdict(
  expected: Expectation,
  deadline: number,
  context: RunContext,
): Promise<readonly string[]> {
  const { fleet, namespace, signal } = context;
  let wasThere = false;
  let freshSince: number | undefined;
  let podFinishedAt: number | undefined;
  let deploymentAfterSuccess: ObservedDeployment | undefined;
  for (;;) {
    const snapshot = fleet.snapshot(namespace);
    const isThere = snapshot.config !== undefined || snapshot.application !== undefined;
    // Gone is what was there: a watch that lags has not shown it yet.
    if (wasThere && !isThere) {
      throw new SkipperError('namespace_gone', 'the namespace, or its FIAAS objects, were deleted meanwhile');
    }
    wasThere ||= isThere;
    const pod = snapshot.bootstrapPod;
    if (pod && isFinished(pod)) podFinishedAt ??= Date.now();
    const evidence: Evidence = {
      snapshot,
      deploymentsPosition: fleet.deploymentsPosition(),
      deploymentAfterSuccess,
      podFinishedForMs: podFinishedAt === undefined ? 0 : Date.now() - podFinishedAt,
    };
    const verdict = judge(expected, evidence);
    if (verdict.state === 'verified') return verdict.unconfigured;
    if (verdict.state === 'failed') {
      throw new SkipperError(verdict.code, verdict.reason, { details: verdict.details });
    }
    if (Date.now() >= deadline) {
      throw new SkipperError('progress_deadline', `not proved by the deadline: ${verdict.detail}`, {
        details: explainTimeout(expected, evidence),
      });
    }
    context.progress(phaseOf(verdict.for, expected), verdict.detail);
    if (verdict.for !== 'fresh-deployment') {
      freshSince = undefined;
      await untilChange(fleet, namespace, Math.min(LOOK_AGAIN_MS, deadline - Date.now() + 1), signal);
      // Where the watch cannot be told newer than what was read, only reading again can.
      if (deploymentAfterSuccess && !isComparable(deploymentAfterSuccess, context)) {
        deploymentAfterSuccess = await readDeployment(context);
      }
      continue;
    }
    freshSince ??= Date.now();
    if (Date.now() - freshSince >= FRESHNESS_WAIT_MS) {
      deploymentAfterSuccess = await readDeployment(context);
      freshSince = undefined;
      if (deploymentAfterSuccess) continue;
    }
    await untilChange(fleet, namespace, FRESHNESS_WAIT_MS, signal, { alsoOnProgress: true });
  }
}

function isComparable(read: ObservedDeployment, { fleet }: RunContext): boolean {
  return isAtOrAfter(fleet.deploymentsPosition(), read.resourceVersion) !== undefined;
}

function phaseOf(waitingFor: string, expected: Expectation) {
  if (waitingFor === 'fdd') return expected.bootstrap ? 'bootstrapping' : 'waiting for FDD';
  return 'rolling out';
}
