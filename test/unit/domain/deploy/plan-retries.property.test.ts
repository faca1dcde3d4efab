import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type NamespaceSnapshot, reportOn } from '../../../../domain/cluster/observed.ts';
import { findDeadEnd } from '../../../../domain/deploy/find-dead-end.ts';
import { type PlanInput, planDeployment, type Step } from '../../../../domain/deploy/plan.ts';
import {
  aBootstrapPod,
  aDeployment,
  anApplication,
  aPlanInput,
  aPod,
  aSnapshot,
  aStatus,
  FOREIGN_ID,
  IMAGE,
  OLD_IMAGE,
} from '../../../support/builders.ts';

/** A namespace with the strictest FDD: it takes up an id once, and never an id that has a report, however that came there. */
interface Fixture {
  readonly seen: NamespaceSnapshot;
  readonly done: PlanInput['done'];
  readonly version: number;
}

interface Attempt {
  readonly after: Fixture;
  readonly end: 'verified' | 'fdd_lost' | 'failed';
}

type Change = (before: Fixture) => Fixture;

const CRASHING = { ready: false, restarts: 5, waiting: { reason: 'CrashLoopBackOff' } };
const EMPTY: Fixture = { seen: aSnapshot(), done: {}, version: 200 };
const RUNNING: Fixture = withSeen(EMPTY, {
  application: anApplication({ image: OLD_IMAGE }),
  deployment: aDeployment({ image: OLD_IMAGE }),
  statuses: [aStatus()],
  pods: [aPod()],
});

function withSeen(before: Fixture, seen: Partial<NamespaceSnapshot>): Fixture {
  return { ...before, seen: { ...before.seen, ...seen } };
}

function reported(before: Fixture, result: 'INITIATED' | 'RUNNING' | 'SUCCESS' | 'FAILED'): Fixture {
  const { application, statuses } = before.seen;
  const id = application?.deploymentId;
  if (id === undefined) return before;
  const others = statuses.filter(({ deploymentId }) => deploymentId !== id);
  return withSeen(before, { statuses: [...others, aStatus({ name: id, deploymentId: id, result })] });
}

function written(before: Fixture, fields: Parameters<typeof anApplication>[0]): Fixture {
  const version = before.version + 1;
  const application = anApplication({ ...fields, resourceVersion: String(version) });
  return { ...withSeen(before, { application }), version };
}

function ended(before: Fixture, exitCode: number): Fixture {
  const { bootstrapPod } = before.seen;
  const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
  return bootstrapPod
    ? withSeen(before, { bootstrapPod: { ...bootstrapPod, phase, terminated: { exitCode } } })
    : before;
}

function deployed(before: Fixture): Fixture {
  const { application } = before.seen;
  if (application?.deploymentId === undefined) return before;
  const { deploymentId, image } = application;
  const deployment = aDeployment({ deploymentId, image });
  return withSeen(reported(before, 'SUCCESS'), { deployment, pods: [aPod({ deploymentId })] });
}

/** FDD and the bootstrap do everything that they will ever do. */
function fddWorks(before: Fixture): Fixture {
  const { application, deployment, bootstrapPod } = before.seen;
  if (bootstrapPod?.phase === 'Running') return ended(deployed(before), 0);
  const id = application?.deploymentId;
  const isNew = id !== undefined && reportOn(before.seen, id) === undefined;
  return isNew && deployment?.availableReplicas === 1 ? deployed(before) : before;
}

function applied(before: Fixture, step: Step): Fixture {
  switch (step.kind) {
    case 'apply-application': {
      const { metadata, spec } = step.manifest;
      return written(before, { ...spec, deploymentId: metadata.labels['fiaas/deployment_id'] });
    }
    case 'adopt-bootstrap-pod':
      return { ...before, done: { ...before.done, bootstrappedId: step.deploymentId } };
    case 'delete-bootstrap-pod':
      return withSeen(before, { bootstrapPod: undefined });
    case 'create-bootstrap-pod': {
      const bootstrapPod = aBootstrapPod({ startedFor: step.deploymentId });
      const done = { ...before.done, bootstrappedId: step.deploymentId };
      return { ...withSeen(before, { bootstrapPod }), done };
    }
    default:
      return before;
  }
}

function stepsOf({ seen, done }: Fixture, forceBootstrap: boolean): readonly Step[] {
  return planDeployment(aPlanInput({ observed: seen, done, forceBootstrap })).steps;
}

/** A worker that is lost after so many steps; `forgets`: before the record of the last one. */
function lostAttempt(before: Fixture, forceBootstrap: boolean, steps: number, forgets: boolean): Fixture {
  const after = stepsOf(before, forceBootstrap).slice(0, steps).reduce(applied, before);
  return forgets ? { ...after, done: before.done } : after;
}

function attempt(before: Fixture, forceBootstrap: boolean): Attempt {
  const steps = stepsOf(before, forceBootstrap);
  const verify = steps.find((step) => step.kind === 'verify');
  if (verify === undefined) return { after: before, end: isDeployed(before) ? 'verified' : 'failed' };
  const after = fddWorks(steps.reduce(applied, before));
  const { deploymentId, image } = verify;
  const { deployment, bootstrapPod } = after.seen;
  const collected =
    bootstrapPod?.startedFor === deploymentId ? withSeen(after, { bootstrapPod: undefined }) : after;
  const result = reportOn(after.seen, deploymentId)?.result;
  const isOurs = deployment?.deploymentId === deploymentId && deployment.image === image;
  if (result === 'SUCCESS' && isOurs && deployment.availableReplicas === 1) {
    return { after: collected, end: 'verified' };
  }
  const isLost = result !== 'FAILED' && findDeadEnd(verify, after.seen)?.code === 'fdd_lost';
  if (isLost) return { after, end: 'fdd_lost' };
  return { after: { ...collected, done: { ...collected.done, abandonedId: deploymentId } }, end: 'failed' };
}

function isDeployed({ seen: { application, deployment } }: Fixture): boolean {
  return (
    deployment?.deploymentId === application?.deploymentId &&
    deployment?.image === IMAGE &&
    deployment.availableReplicas === 1 &&
    !deployment.switchedOff
  );
}

/** What others do, and what becomes of FDD, between two observations. */
const others: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>((before) => withSeen(before, { deployment: undefined, pods: [] })),
  fc.constant<Change>((before) => withSeen(before, { bootstrapPod: undefined })),
  fc.constant<Change>((before) => withSeen(before, { application: undefined, statuses: [] })),
  fc.constant<Change>((before) => withSeen(before, { statuses: [] })),
  fc.constant<Change>(fddWorks),
  fc.constantFrom(IMAGE, OLD_IMAGE).map(
    (image): Change =>
      (before) =>
        written(before, { image, deploymentId: `${FOREIGN_ID}-${before.version}` }),
  ),
  fc.constantFrom('INITIATED' as const, 'RUNNING' as const, 'FAILED' as const).map(
    (result): Change =>
      (before) =>
        reported(before, result),
  ),
  fc.constantFrom(0, 1).map(
    (exitCode): Change =>
      (before) =>
        ended(before, exitCode),
  ),
  fc.constant<Change>((before) => {
    const { deployment } = before.seen;
    if (!deployment) return before;
    const { deploymentId } = deployment;
    const pods = [aPod({ ...CRASHING, deploymentId })];
    return withSeen(before, { deployment: { ...deployment, availableReplicas: undefined }, pods });
  }),
);

describe('planDeployment', () => {
  test.each([false, true])(
    'a retry never waits in vain, whatever changed before it (forced: %s)',
    (forced) => {
      const attempts: fc.Arbitrary<Change> = fc.oneof(
        fc.constant<Change>((before) => attempt(before, forced).after),
        fc.tuple(fc.nat(4), fc.boolean()).map(
          ([steps, forgets]): Change =>
            (before) =>
              lostAttempt(before, forced, steps, forgets),
        ),
      );
      const changes = fc.array(fc.oneof(attempts, others), { maxLength: 8 });

      fc.assert(
        fc.property(fc.constantFrom(EMPTY, RUNNING), changes, (start, between) => {
          const first = settle(between.reduce((before, change) => change(before), start));
          const retry = first.end === 'failed' ? settle(first.after) : first;

          expect(retry.end).toBe('verified');
        }),
        { numRuns: 3_000 },
      );

      /** A run, with its automatic attempts. */
      function settle(before: Fixture): Attempt {
        const first = attempt(before, forced);
        return first.end === 'fdd_lost' ? attempt(first.after, forced) : first;
      }
    },
  );
});
