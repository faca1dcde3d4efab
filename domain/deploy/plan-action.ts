/** What a plan amounts to, in one word; from much to little. */
export const PLAN_ACTIONS = [
  'bootstrap',
  'create',
  'update',
  'redeploy',
  'verify',
  'unchanged',
  'refuse',
] as const;
export type PlanAction = (typeof PLAN_ACTIONS)[number];
