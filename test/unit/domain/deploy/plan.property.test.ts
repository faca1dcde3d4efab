import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DeploymentPlan } from '../../../../domain/deploy/plan.ts';
import { aRelease, FIAAS_YML, FOREIGN_ID, IMAGE, OLD_IMAGE, ROLLOUT } from '../../../support/builders.ts';
import {
  aNamespace,
  type FakeNamespace,
  fddReacts,
  idOf,
  madeWith,
  type PlanRequest,
  planFor,
  runOnce,
} from '../../../support/fake-namespace.ts';

const IDS = [FOREIGN_ID, idOf('rollout-0'), idOf(ROLLOUT, 0), idOf(ROLLOUT, 1)];
const id = fc.constantFrom(...IDS);
const result = fc.constantFrom('INITIATED', 'RUNNING', 'SUCCESS', 'FAILED');
// Correct values are drawn often: most interesting namespaces differ in one thing only.
const image = fc.constantFrom(IMAGE, IMAGE, OLD_IMAGE);
const config = fc.constantFrom<Record<string, unknown>>(
  FIAAS_YML,
  FIAAS_YML,
  FIAAS_YML,
  FIAAS_YML,
  { ...FIAAS_YML, old: { key: 1 } },
  { ...FIAAS_YML, resources: { requests: { memory: '128Mi', cpu: '1' } } },
  { version: 3 },
  {},
);
const OTHERS = [FOREIGN_ID, idOf('rollout-0')];
const deployment = fc.record({
  deploymentId: fc.constantFrom('current', ...OTHERS),
  image,
  availableReplicas: fc.constantFrom(1, undefined),
  observedGeneration: fc.constantFrom(1, 2),
});

/** Any namespace that can occur: FDD has seen no id later than the one on the Application. */
const world: fc.Arbitrary<FakeNamespace> = fc
  .record({
    application: fc.option(
      fc.record({
        image,
        config,
        deploymentId: fc.option(id, { nil: undefined }),
        bootstrapLabel: fc.boolean(),
      }),
      { nil: undefined },
    ),
    deployment: fc.option(deployment, { nil: undefined, freq: 2 }),
    result: fc.option(result, { nil: undefined, freq: 2 }),
    inApplication: fc.option(result, { nil: undefined, freq: 1 }),
    pod: fc.option(
      fc.record({
        startedFor: fc.constantFrom('current', undefined, ...OTHERS),
        ended: fc.boolean(),
      }),
      { nil: undefined },
    ),
    bootstrapped: fc.boolean(),
  })
  .map((drawn) => {
    const { application, inApplication, bootstrapped, result: reported } = drawn;
    const current = application?.deploymentId;
    const startedFor = drawn.pod?.startedFor === 'current' ? current : drawn.pod?.startedFor;
    const isForCurrent = drawn.pod !== undefined && startedFor === current;
    const made = drawn.deployment?.deploymentId === 'current' ? current : drawn.deployment?.deploymentId;
    return aNamespace({
      application: application && {
        ...application,
        // Every run that started a bootstrap pod has set the label.
        bootstrapLabel: application.bootstrapLabel || isForCurrent,
        status:
          inApplication === undefined || current === undefined
            ? undefined
            : { deploymentId: current, result: inApplication, logs: [] },
      },
      deployment: drawn.deployment && {
        ...drawn.deployment,
        deploymentId: made,
        environment: madeWith(application && made === current ? application.config : { other: true }),
      },
      results: current === undefined || reported === undefined ? [] : [{ id: current, result: reported }],
      // A pod that ended without a result is a failed run, which a plan does not continue.
      pod: drawn.pod && { startedFor, ended: drawn.pod.ended && !isForCurrent },
      ...(bootstrapped && current !== undefined ? { bootstrappedId: current } : {}),
    });
  });

const asked: fc.Arbitrary<PlanRequest> = fc.record({
  release: fc.constantFrom(aRelease(), aRelease({ config: { ...FIAAS_YML, extra: [1] } })),
  rolloutId: fc.constant(ROLLOUT),
  forceBootstrap: fc.boolean(),
  manageRbac: fc.boolean(),
});

const crash = fc.record({
  after: fc.integer({ min: 0, max: 4 }),
  forgets: fc.boolean(),
  fddWorks: fc.boolean(),
});

function writes({ steps }: DeploymentPlan): string[] {
  return steps.map((step) => step.kind).filter((kind) => kind !== 'verify');
}

function countWrites({ journal }: FakeNamespace) {
  const count = (kind: string) => journal.filter((entry) => entry.startsWith(kind)).length;
  return { applications: count('apply-application'), pods: count('create-bootstrap-pod') };
}

function hasBegun({ application, bootstrapPod, done }: FakeNamespace): boolean {
  return done.bootstrappedId !== undefined || bootstrapPod?.startedFor === application?.deploymentId;
}

describe('planDeployment', () => {
  test('acceptance 12: converges from any state and any crash: FDD is verified, and no writes remain', () => {
    fc.assert(
      fc.property(world, asked, fc.array(crash, { maxLength: 3 }), (start, request, crashes) => {
        let now = start;
        for (const { fddWorks, ...where } of crashes) {
          now = runOnce(now, request, where);
          if (fddWorks) now = fddReacts(now);
        }

        const verified = runOnce(now, request);

        const { image: wanted, config: wantedConfig } = request.release;
        expect(verified.application).toMatchObject({ image: wanted });
        expect(verified.application?.config).toEqual(wantedConfig);
        expect(verified.deployment).toMatchObject({ image: wanted, availableReplicas: 1 });
        expect(JSON.parse(verified.deployment?.environment.MADE_WITH ?? '{}')).toEqual(wantedConfig);
        expect(writes(planFor(verified, { ...request, forceBootstrap: false }))).toEqual([]);
        // A forced bootstrap ends, too.
        expect(writes(planFor(runOnce(verified, request), request))).toEqual([]);
      }),
      { numRuns: 800 },
    );
  });

  test('acceptance 12: repeats no step: after a crash the next run does the remaining steps, with the same id', () => {
    fc.assert(
      fc.property(world, asked, crash, (start, request, where) => {
        // A forced or changed request that has already begun: the crash tests cover those one by one.
        const { action } = planFor(start, request);
        const goesOn = !request.forceBootstrap && ['verify', 'unchanged', 'bootstrap'].includes(action);
        fc.pre(goesOn || !hasBegun(start));

        const resumed = runOnce(runOnce(start, request, where), request);

        const whole = countWrites(runOnce(start, request));
        expect(countWrites(resumed).applications).toBeLessThanOrEqual(whole.applications);
        expect(countWrites(resumed).pods).toBe(whole.pods);
      }),
      { numRuns: 800 },
    );
  });

  test('never bootstraps if a Deployment exists, unless forced', () => {
    fc.assert(
      fc.property(world, asked, (start, request) => {
        if (!start.deployment) return;
        const { steps } = planFor(start, { ...request, forceBootstrap: false });
        expect(steps.map((step) => step.kind)).not.toContain('create-bootstrap-pod');
        expect(steps.map((step) => step.kind)).not.toContain('delete-bootstrap-pod');
      }),
    );
  });

  test('gives the same plan for the same input', () => {
    fc.assert(
      fc.property(world, asked, (start, request) => {
        expect(planFor(start, request)).toEqual(planFor(start, request));
      }),
    );
  });

  test('never writes an id that FDD has finished, and waits for the id that it has written', () => {
    fc.assert(
      fc.property(world, asked, (start, request) => {
        const { steps } = planFor(start, request);
        const finished = start.statuses.filter(({ result }) => result === 'SUCCESS' || result === 'FAILED');
        const verified = steps.flatMap((step) => (step.kind === 'verify' ? [step.deploymentId] : []));
        for (const step of steps) {
          if (step.kind !== 'apply-application') continue;
          const written = step.manifest.metadata.labels['fiaas/deployment_id'];
          expect(finished.map((status) => status.deploymentId)).not.toContain(written);
          expect(verified).toEqual([written]);
        }
      }),
    );
  });

  test('applies RBAC before the Application, and the Application before the pod', () => {
    const order = [
      'apply-rbac',
      'apply-application',
      'adopt-bootstrap-pod',
      'delete-bootstrap-pod',
      'create-bootstrap-pod',
      'verify',
    ];

    fc.assert(
      fc.property(world, asked, (start, request) => {
        const kinds: string[] = planFor(start, request).steps.map((step) => step.kind);
        expect(kinds).toEqual(order.filter((kind) => kinds.includes(kind)));
      }),
    );
  });
});
