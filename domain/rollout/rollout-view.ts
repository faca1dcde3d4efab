import * as z from 'zod';
import { Rollout, RolloutTarget, TargetCounts, TargetState } from './rollout.ts';

const links = z.record(z.string(), z.string()).describe('URLs of related resources');

/** A target as the API returns it. */
export const TargetView = RolloutTarget.extend({
  namespace: z.string(),
  reason: z.string().describe('Why it is in this state; can be empty'),
  links,
}).meta({ id: 'Target' });
export type TargetView = Readonly<z.infer<typeof TargetView>>;

/** `GET /api/rollouts/:id`, and the answer to an accepted deploy. */
export const RolloutView = Rollout.extend({
  state: TargetState,
  counts: TargetCounts,
  targets: z.array(TargetView).readonly(),
  links,
}).meta({ id: 'Rollout' });
export type RolloutView = Readonly<z.infer<typeof RolloutView>>;

/** A rollout without its targets, which can be thousands. */
export const RolloutHead = RolloutView.omit({ targets: true }).meta({ id: 'RolloutHead' });
export type RolloutHead = Readonly<z.infer<typeof RolloutHead>>;

/** `GET /api/rollouts` */
export const RolloutList = z
  .object({ rollouts: z.array(RolloutHead).readonly() })
  .meta({ id: 'RolloutList' });
export type RolloutList = Readonly<z.infer<typeof RolloutList>>;
