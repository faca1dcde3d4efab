import * as z from 'zod';
import { hasBootstrapEnded, type NamespaceSnapshot, ObservedApplication } from '../cluster/observed.ts';
import { Outcome } from '../rollout/rollout.ts';
import { detectRival } from './detect-rival.ts';
import { judge } from './verify.ts';

/**
 * A run that waits for FDD without a worker. It holds everything that the next activation cannot see in the cluster. Kept as
 * JSON in the namespace's record until the run resumes.
 */
export const Parking = z.object({
  generation: z.number(),
  jobId: z.string(),
  deploymentId: z.string(),
  image: z.string(),
  bootstrap: z.boolean(),
  isConfigured: z.boolean(),
  /** The Application as this run has written it, or as it was when nothing had to be written. */
  written: ObservedApplication.optional(),
  /** What it waits for: the verdict on the deployment, or the end of the bootstrap pod after that. */
  stage: z.enum(['verdict', 'bootstrap end']),
  /** When the deployment was written, and when the wait ends, in milliseconds since the epoch. */
  began: z.number(),
  until: z.number(),
  hadDeployment: z.boolean(),
  /** The objects of FIAAS were seen in this run. Otherwise a watch lags, and they do not count as deleted. */
  wasSeen: z.boolean().optional(),
  /** Its bootstrap pod existed, and had not ended. */
  hadLivePod: z.boolean().optional(),
  /** The bootstrap pod had ended: that alone is no reason to resume. */
  podEnded: z.boolean(),
  /** Of the plan that was applied. */
  outcome: Outcome,
  reason: z.string(),
  /** About the configuration that was read. */
  warnings: z.array(z.string()).readonly(),
});
export type Parking = Readonly<z.infer<typeof Parking>>;

/** What the watches show of a parked run's namespace. */
export interface ParkedView {
  readonly snapshot: NamespaceSnapshot;
  /** The resourceVersions up to which the two watches are current. */
  readonly applicationsPosition: string | undefined;
  readonly deploymentsPosition: string | undefined;
  /** For how long no FDD is left that could deploy (findDeadEnd), in milliseconds. */
  readonly deadEndForMs: number;
}

export type ParkedVerdict =
  | { readonly kind: 'resume' }
  /** `detail`: what it waits for, for people. */
  | { readonly kind: 'wait'; readonly detail: string | undefined };

const RESUME: ParkedVerdict = { kind: 'resume' };

/** Whether a parked run has something to do. A run that resumes too early only parks again. */
export function judgeParked(parking: Parking, view: ParkedView): ParkedVerdict {
  const { snapshot } = view;
  const { bootstrapPod } = snapshot;
  if (parking.wasSeen && !snapshot.config && !snapshot.application) return RESUME;
  if (bootstrapPod && hasBootstrapEnded(bootstrapPod) && !parking.podEnded) return RESUME;
  if (parking.stage === 'bootstrap end') return bootstrapPod ? { kind: 'wait', detail: undefined } : RESUME;
  const { written, bootstrap, hadDeployment, hadLivePod } = parking;
  if (written && detectRival({ written, bootstrap, hadDeployment, hadLivePod, ...view })) return RESUME;
  const { deploymentsPosition, deadEndForMs } = view;
  const verdict = judge(parking, { snapshot, deploymentsPosition, podFinishedForMs: 0, deadEndForMs });
  const isShort =
    verdict.state === 'waiting' && (verdict.for === 'quiet' || verdict.for === 'fresh-deployment');
  return verdict.state === 'waiting' && !isShort ? { kind: 'wait', detail: verdict.detail } : RESUME;
}
