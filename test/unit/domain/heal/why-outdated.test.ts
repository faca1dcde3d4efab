import { expect, test } from '@jest/globals';
import type { HealingStatus, NamespaceHealing } from '../../../../domain/heal/healing.ts';
import { type LateStep, whyOutdated } from '../../../../domain/heal/why-outdated.ts';
import type { Repair } from '../../../../domain/rollout/repair.ts';
import {
  aDeployment,
  anApplication,
  aRelease,
  aSettledSnapshot,
  OLD_IMAGE,
} from '../../../support/builders.ts';
import { aFinding, NOW } from '../../../support/healing-builders.ts';

const ROLLOUT = 'heal-1';
const REPAIR: Repair = { means: 'restart', rule: 'crash-loop', evidence: 'it crashes' };
const STATUS: HealingStatus = {
  mode: 'on',
  checkedAt: NOW - 5_000,
  intervalSeconds: 15,
  fleet: 10,
  sick: 1,
  rules: { 'crash-loop': 1 },
  isDeafKnown: true,
  cap: { limit: 5, used: 1 },
};
const STEP = { at: NOW - 5_000, means: 'restart', rule: 'crash-loop', rolloutId: ROLLOUT } as const;
const HEALING: NamespaceHealing = {
  state: 'healing',
  reason: '',
  since: NOW - 100_000,
  findings: [aFinding('unavailable'), aFinding('crash-loop')],
  steps: [STEP],
};
const HOLD = { by: 'ops', reason: 'OPS-1', at: NOW };

function aLateStep(overrides: Partial<LateStep> = {}): LateStep {
  return {
    repair: REPAIR,
    rolloutId: ROLLOUT,
    release: aRelease(),
    hasFailed: false,
    limits: { snapshot: aSettledSnapshot(), record: { generation: 2 }, hold: undefined, closure: undefined },
    healing: HEALING,
    status: STATUS,
    healsScaledDown: false,
    now: NOW,
    ...overrides,
  };
}

const withLimits = (limits: Partial<LateStep['limits']>) => ({
  limits: { ...aLateStep().limits, ...limits },
});
const withSteps = (...steps: NamespaceHealing['steps']) => ({ healing: { ...HEALING, steps } });
const scaledDown = aDeployment({
  replicas: 0,
  switchedOff: { how: 'scaled to 0', at: NOW, by: 'kubectl-edit' },
});

test.each<[string, Partial<LateStep>]>([
  ['is still wanted', {}],
  ['whose rollout is not noted yet is still wanted', withSteps({ ...STEP, rolloutId: undefined })],
  ['that is old, but has been tried', { ...withSteps({ ...STEP, at: NOW - 600_000 }), hasFailed: true }],
  [
    'on what is scaled down, which is healed',
    { ...withLimits({ snapshot: aSettledSnapshot({ deployment: scaledDown }) }), healsScaledDown: true },
  ],
  [
    'about an Application that is still not what was deployed',
    {
      repair: { ...REPAIR, means: 'deploy', rule: 'drifted' },
      healing: { ...HEALING, findings: [] },
      ...withLimits({ snapshot: aSettledSnapshot({ application: anApplication({ image: OLD_IMAGE }) }) }),
    },
  ],
])('a step %s', (_title, overrides) => {
  expect(whyOutdated(aLateStep(overrides))).toBeUndefined();
});

test.each<[string, string, Partial<LateStep>]>([
  ['of which no pass is known', 'healing has made no pass for some time', { status: undefined }],
  [
    'after which no pass came',
    'healing has made no pass for some time',
    { status: { ...STATUS, checkedAt: NOW - 61_000 } },
  ],
  ['while healing only reports', '--heal is report now', { status: { ...STATUS, mode: 'report' } }],
  [
    'while healing is stopped',
    'healing is stopped: too many',
    { status: { ...STATUS, stopped: { at: NOW, reason: 'too many' } } },
  ],
  [
    'while something is wrong in the whole fleet',
    'something is wrong in the whole fleet',
    { status: { ...STATUS, fleetWide: [aFinding('rights-missing', { isFleetWide: true })] } },
  ],
  ['in a namespace that is held', 'OPS-1', withLimits({ hold: HOLD })],
  ['during a freeze', 'freeze: Christmas', withLimits({ closure: 'freeze: Christmas' })],
  [
    'where Helm manages FDD',
    'Helm manages FDD',
    withLimits({ snapshot: aSettledSnapshot({ deployment: aDeployment({ helmRelease: 'fdd' }) }) }),
  ],
  [
    'on what is scaled down',
    'FDD was switched off by kubectl-edit: ',
    withLimits({ snapshot: aSettledSnapshot({ deployment: scaledDown }) }),
  ],
  ['that nobody knows', 'healing does not know this step any more', { healing: undefined }],
  [
    'that has ended',
    'healing does not know this step any more',
    withSteps({ ...STEP, endedAt: NOW, end: 'cancelled' }),
  ],
  [
    'of another rollout',
    'healing does not know this step any more',
    withSteps({ ...STEP, rolloutId: 'heal-2' }),
  ],
  ['that is too old', 'it was decided 61 s ago', withSteps({ ...STEP, at: NOW - 61_000 })],
  [
    'whose rule has ended',
    'crash-loop does not hold any more',
    { healing: { ...HEALING, findings: [aFinding('oom')] } },
  ],
  [
    'about an Application that is right again',
    'drifted does not hold any more',
    { repair: { ...REPAIR, rule: 'drifted' } },
  ],
])('a step %s is outdated', (_title, reason, overrides) => {
  expect(whyOutdated(aLateStep(overrides))).toContain(reason);
});
