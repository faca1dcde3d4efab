/** A plan in one word, from the largest change to the smallest. */
export const PLAN_ACTIONS = [
  'bootstrap',
  'create',
  'update',
  'redeploy',
  'restart',
  'verify',
  'unchanged',
  'refuse',
] as const;
export type PlanAction = (typeof PLAN_ACTIONS)[number];
