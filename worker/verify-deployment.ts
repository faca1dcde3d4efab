import { errorInText } from '../domain/cluster/fdd-log.ts';
import type { Parking } from '../domain/deploy/parking.ts';
import { SkipperError } from '../domain/errors.ts';
import { describeBootstrap } from '../domain/explain/describe-bootstrap.ts';
import type { BootstrapRecord } from '../domain/rollout/attempt.ts';
import { inSpan } from '../shared/telemetry/spans.ts';
import { awaitBootstrapEnd } from './await-bootstrap-end.ts';
import { type AwaitedDeployment, awaitVerdict, type Waited } from './await-verdict.ts';
import { collectBootstrapPod } from './collect-bootstrap-pod.ts';
import type { RunContext } from './run-context.ts';

/** A deployment that is to be verified. */
export type Written = Omit<Parking, 'generation' | 'jobId' | keyof Wait> & Partial<Wait>;
type Wait = Pick<Parking, 'stage' | 'until' | 'hadDeployment' | 'wasSeen' | 'hadLivePod' | 'podEnded'>;
/** Verifies the deployment; in any case, a bootstrap pod's record is saved before the pod is deleted. */
export async function verifyDeployment(
  written: Written,
  context: RunContext,
): Promise<VerifiedDeployment | Extract<Waited, { kind: 'parked' }>> {
  const expected: AwaitedDeployment = written;
  const { deploymentId } = expected;
  try {
    const first = await inSpan('verify', { 'skipper.deployment': deploymentId }, () =>
      awaitVerdict(expected, verdictDeadline(written, context), context),
    );
    if (first.kind === 'parked' || !expected.bootstrap) return first;
    return await inSpan('collect bootstrap pod', {}, async () => {
      const end = await awaitBootstrapEnd(bootstrapDeadline(written, context), context);
      if (end.kind === 'parked') return end;
      // Beside a running FDD, the bootstrap repeats the deployment that FDD has made.
      const last = await awaitVerdict(expected, Date.now() + context.settings.progressDeadlineMs, context);
      if (last.kind === 'parked') return last;
      return { ...last, bootstrap: await collectBootstrapPod(deploymentId, context) };
    });
  } catch (error) {
    context.signal.throwIfAborted();
    if (expected.bootstrap && error instanceof SkipperError && error.errorClass === 'permanent') {
      const record = await inSpan('collect bootstrap pod', {}, () =>
        collectBootstrapPod(expected.deploymentId, context),
      );
      throw withBootstrap(error, record);
    }
    throw error;
  }
}

interface VerifiedDeployment extends Extract<Waited, { kind: 'verified' }> {
  readonly bootstrap?: BootstrapRecord | undefined;
}

function verdictDeadline({ began, stage, until }: Written, { settings, blindMs }: RunContext): number {
  if (stage === 'verdict' && until !== undefined) return until + blindMs();
  // What was verified once, and is not any more, has a whole deadline again.
  return (stage === 'bootstrap end' ? Date.now() : began) + settings.progressDeadlineMs;
}

function bootstrapDeadline({ began }: Written, { settings }: RunContext): number {
  return Math.max(began + settings.bootstrapDeadlineMs, Date.now());
}

/** Adds the end of the bootstrap log to the reasons of a failure. */
function withBootstrap(error: SkipperError, record: BootstrapRecord | undefined): SkipperError {
  if (!record) return error;
  const message = withCause(error, record);
  return new SkipperError(error.code, message, {
    cause: error,
    symptoms: error.symptoms,
    details: [
      ...error.details,
      ...describeBootstrap(record),
      ...record.log
        .split('\n')
        .slice(-20)
        .map((line) => `bootstrap log: ${line}`),
    ],
  });
}

/** Adds the last error in the bootstrap log to the message. */
function withCause({ code, message }: SkipperError, { log }: BootstrapRecord): string {
  const cause = code === 'bootstrap_failed' ? errorInText(log) : undefined;
  return cause === undefined || message.includes(cause) ? message : `${message}: ${cause}`;
}
