import { isAtOrAfter } from '../domain/cluster/is-at-or-after.ts';
import {
  hasBootstrapEnded,
  type ObservedApplication,
  type ObservedDeployment,
} from '../domain/cluster/observed.ts';
import { tampered } from '../domain/cluster/symptoms.ts';
import { detectRival, type Watched } from '../domain/deploy/detect-rival.ts';
import { findDeadEnd } from '../domain/deploy/find-dead-end.ts';
import type { Parking } from '../domain/deploy/parking.ts';
import {
  type Evidence,
  type Expectation,
  explainTimeout,
  type FailedVerdict,
  judge,
  POD_END_GRACE_MS,
} from '../domain/deploy/verify.ts';
import { SkipperError } from '../domain/errors.ts';
import type { RunPhase } from '../domain/rollout/phase.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import { blindSpot, blindSpotError } from './blind-spot.ts';
import { isBlind } from './is-blind.ts';
import { readDeployment } from './read-deployment.ts';
import type { RunContext } from './run-context.ts';
import { type ChangeWaiter, listenForChanges } from './until-change.ts';

/** If the watch of Deployments is behind SUCCESS, and has not moved for this long, the Deployment is read. */
const QUIET_MS = 300;
/** A watch that moves, and is still behind, is busy and lags; the wait for it lasts no longer than this. */
const MAX_BEHIND_MS = 2_000;
/** A deployment that is healthy at the deadline has this much longer until it counts as verified. */
const MAX_QUIET_MS = 5_000;
/** Without any event, the state is checked again this often. */
const POLL_INTERVAL_MS = 1_000;

/** A deployment to wait for, and the Application that requests it. */
export interface AwaitedDeployment extends Expectation {
  readonly written?: ObservedApplication | undefined;
  /** An earlier activation of this run has seen the Deployment. */
  readonly hadDeployment?: boolean | undefined;
  /** An earlier activation of this run has seen the objects of FIAAS. */
  readonly wasSeen?: boolean | undefined;
  /** An earlier activation of this run has seen its bootstrap pod, which had not ended. */
  readonly hadLivePod?: boolean | undefined;
}

/** The end of a wait in this activation. */
export type Waited =
  /** `unconfigured`: the parts of the configuration that its Deployment lacks. */
  | { readonly kind: 'verified'; readonly unconfigured: readonly string[] }
  | ({ readonly kind: 'parked' } & ParkedWait);

/** What another activation continues to wait for. */
export interface ParkedWait
  extends Pick<Parking, 'stage' | 'until' | 'hadDeployment' | 'wasSeen' | 'hadLivePod' | 'podEnded'> {
  readonly phase: RunPhase;
  readonly detail: string;
}

/**
 * Waits on the shared watches until FDD runs with a deployment. Throws with FDD's, the Deployment's and the pods' own reasons
 * if it has failed, or does not run by the deadline (milliseconds since the epoch). A long wait is parked, and so is one that
 * a newer request interrupts.
 */
export async function awaitVerdict(
  expected: AwaitedDeployment,
  deadlineAt: number,
  context: RunContext,
): Promise<Waited> {
  const { cluster, namespace, signal, interrupted } = context;
  const changes = listenForChanges(cluster, namespace, signal, interrupted);
  try {
    return await judgeUntilClear(expected, deadlineAt, context, changes);
  } finally {
    changes.end();
  }
}

async function judgeUntilClear(
  expected: AwaitedDeployment,
  deadlineAt: number,
  context: RunContext,
  changes: ChangeWaiter,
): Promise<Waited> {
  const { cluster, namespace, interrupted, parkAfterMs } = context;
  const parkAt = Date.now() + parkAfterMs;
  let wasSeen = expected.wasSeen ?? false;
  let hadDeployment = expected.hadDeployment ?? false;
  let hadLivePod = expected.hadLivePod ?? false;
  let deadline = deadlineAt;
  let judgedAt = Date.now();
  let behind: Behind | undefined;
  let podFinishedAt: number | undefined;
  let deploymentAfterSuccess: ObservedDeployment | undefined;
  let deadEndAt = context.deadEndMs() === 0 ? undefined : Date.now() - context.deadEndMs();
  let quiet: QuietSince | undefined;
  for (;;) {
    // The state is unknown without the API server: that time does not count towards the deadline.
    if (isBlind(cluster)) deadline += Date.now() - judgedAt;
    judgedAt = Date.now();
    const snapshot = cluster.snapshot(namespace);
    const isThere = snapshot.config !== undefined || snapshot.application !== undefined;
    // Objects count as deleted only if they were seen before: a watch that lags has not shown them yet.
    if (wasSeen && !isThere) {
      throw new SkipperError(
        'namespace_gone',
        'the namespace, or its FIAAS objects, were deleted during the deploy',
      );
    }
    wasSeen ||= isThere;
    hadDeployment ||= snapshot.deployment !== undefined;
    const pod = snapshot.bootstrapPod;
    if (pod?.startedFor === expected.deploymentId) hadLivePod = !hasBootstrapEnded(pod);
    assertNoRival(expected, { snapshot, hadDeployment, hadLivePod }, cluster);
    if (pod && hasBootstrapEnded(pod)) podFinishedAt ??= Date.now();
    const now = Date.now();
    const isDeadEnd = !isBlind(cluster) && findDeadEnd(expected, snapshot) !== undefined;
    deadEndAt = isDeadEnd ? (deadEndAt ?? now) : undefined;
    const evidence: Evidence = {
      snapshot,
      deploymentsPosition: cluster.deploymentsPosition(),
      deploymentAfterSuccess,
      podFinishedForMs: podFinishedAt === undefined ? 0 : now - podFinishedAt,
      deadEndForMs: deadEndAt === undefined ? 0 : now - deadEndAt,
      quiet: quiet && { mark: quiet.mark, forMs: now - quiet.since },
    };
    const verdict = judge(expected, evidence);
    if (verdict.state === 'verified') return { kind: 'verified', unconfigured: verdict.unconfigured };
    if (verdict.state === 'failed') throw toSkipperError(verdict);
    quiet = verdict.for === 'quiet' ? stillQuiet(quiet, verdict.mark, now) : undefined;
    // A healthy deployment needs only a moment more.
    const extra = quiet ? MAX_QUIET_MS : 0;
    const spot = blindSpot(cluster);
    if (now >= deadline + extra) {
      throw spot === undefined
        ? toSkipperError(explainTimeout(expected, evidence, verdict.detail))
        : blindSpotError(spot);
    }
    const phase = phaseOf(verdict.for, expected);
    const detail = spot ?? verdict.detail;
    context.progress(phase, detail);
    // The end of the bootstrap pod is judged soon: parked, nothing would wake the run for it.
    const isPodJudged = podFinishedAt === undefined || now - podFinishedAt > POD_END_GRACE_MS;
    const lasts = now >= parkAt && isPodJudged && (verdict.for === 'fdd' || verdict.for === 'rollout');
    if (lasts || interrupted.aborted) {
      const podEnded = podFinishedAt !== undefined;
      return {
        kind: 'parked',
        stage: 'verdict',
        until: deadline,
        hadDeployment,
        wasSeen,
        hadLivePod,
        podEnded,
        phase,
        detail,
      };
    }
    if (verdict.for !== 'fresh-deployment') {
      behind = undefined;
      const until = Math.min(deadline + extra, Math.max(parkAt, now + 1)) - Date.now() + 1;
      await changes.next(Math.max(1, Math.min(POLL_INTERVAL_MS, until)));
      // If the watch cannot be compared with the read Deployment, or is behind it, only another read shows more.
      if (deploymentAfterSuccess && (quiet || !isComparable(deploymentAfterSuccess, context))) {
        deploymentAfterSuccess = await readDeployment(context);
      }
      continue;
    }
    behind = stillBehind(behind, evidence.deploymentsPosition, now);
    if (isWorthARead(behind, now)) {
      deploymentAfterSuccess = await readDeployment(context);
      behind = undefined;
      if (deploymentAfterSuccess) continue;
    }
    await changes.next(QUIET_MS);
  }
}

/** Stops the wait if another client changed the deployment: the next attempt plans again. */
function assertNoRival(
  { written, bootstrap }: AwaitedDeployment,
  seen: Pick<Watched, 'snapshot' | 'hadDeployment' | 'hadLivePod'>,
  cluster: ClusterCache,
): void {
  const rival =
    written &&
    detectRival({
      written,
      bootstrap,
      ...seen,
      applicationsPosition: cluster.applicationsPosition(),
      deploymentsPosition: cluster.deploymentsPosition(),
    });
  if (rival) throw new SkipperError(rival.code, rival.reason, { symptoms: tampered(seen.snapshot) });
}

function toSkipperError({ code, reason, details, symptoms }: FailedVerdict): SkipperError {
  return new SkipperError(code, reason, { details, symptoms });
}

/** When the deployment became healthy, with this mark. */
interface QuietSince {
  readonly mark: string;
  readonly since: number;
}

function stillQuiet(before: QuietSince | undefined, mark: string, now: number): QuietSince {
  return before?.mark === mark ? before : { mark, since: now };
}

/** Since when the watch of Deployments has been behind SUCCESS, and since when at this exact position. */
interface Behind {
  readonly since: number;
  readonly position: string | undefined;
  readonly restsSince: number;
}

function stillBehind(before: Behind | undefined, position: string | undefined, now: number): Behind {
  if (before === undefined) return { since: now, position, restsSince: now };
  return before.position === position ? before : { ...before, position, restsSince: now };
}

function isWorthARead({ since, restsSince }: Behind, now: number): boolean {
  return now - restsSince >= QUIET_MS || now - since >= MAX_BEHIND_MS;
}

function isComparable(read: ObservedDeployment, { cluster }: RunContext): boolean {
  return isAtOrAfter(cluster.deploymentsPosition(), read.resourceVersion) !== undefined;
}

function phaseOf(waitingFor: string, expected: Expectation): RunPhase {
  if (waitingFor === 'fdd') return expected.bootstrap ? 'bootstrapping' : 'waiting for FDD';
  return 'rolling out';
}
