import { controlPlaneMissing } from '../test/support/control-plane.ts';
import { measureDecisions } from './scenarios/decisions.ts';
import { measureHung } from './scenarios/hung.ts';
import { measureLatency } from './scenarios/latency.ts';
import { measureListening } from './scenarios/listen.ts';
import { measureOvertake } from './scenarios/overtake.ts';
import { measureRecovery } from './scenarios/recovery.ts';
import { measureRedisLoss } from './scenarios/redis-loss.ts';
import { measureRepair } from './scenarios/repair.ts';
import { measureScaleOut } from './scenarios/scale-out.ts';

export const SCENARIOS = [
  'hung',
  'repair',
  'scale-out',
  'recovery',
  'overtake',
  'latency',
  'decisions',
  'listen',
  'redis-loss',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface ScenarioOptions {
  readonly rounds: number;
  /** As many as the scenario needs if left out. */
  readonly namespaces?: number | undefined;
}

const MEASURES: Readonly<Record<Scenario, (options: ScenarioOptions) => Promise<void>>> = {
  hung: measureHung,
  repair: measureRepair,
  'scale-out': measureScaleOut,
  recovery: measureRecovery,
  overtake: measureOvertake,
  latency: measureLatency,
  decisions: measureDecisions,
  listen: measureListening,
  'redis-loss': measureRedisLoss,
};

export function runScenario(scenario: Scenario, options: ScenarioOptions): Promise<void> {
  const missing = controlPlaneMissing();
  if (missing !== undefined) throw new Error(missing);
  return MEASURES[scenario](options);
}
