import { expect, test } from '@jest/globals';
import type { NamespaceHealing } from '../../../domain/heal/healing.ts';
import { ok } from '../../../domain/release/result.ts';
import type { NamespaceRecord } from '../../../domain/rollout/namespace-record.ts';
import { type HealFactsDependencies, readHealFacts } from '../../../worker/read-heal-facts.ts';
import { aConfig, aSnapshot, NAMESPACE } from '../../support/builders.ts';
import { aHealing, NOW } from '../../support/healing-builders.ts';

const STEP = {
  at: NOW - 60_000,
  means: 'deploy',
  rule: 'no-deployment',
  endedAt: NOW,
  end: 'failed',
} as const;
const REFUSED: NamespaceRecord = {
  generation: 1,
  handled: 1,
  rolloutId: 'rollout-1',
  release: 'release-1',
  trigger: 'heal',
  requestedBy: 'skipper',
  requestedAt: NOW - 60_000,
  state: 'failed',
  phase: 'done',
  reason: 'pods is forbidden: exceeded quota: compute',
  attempt: 1,
  lastFailure: '',
  jobId: 'team-a.1',
  changedAt: NOW,
  failures: 1,
  lastState: 'completed',
};

async function causeOf(
  readQuotas: HealFactsDependencies['readQuotas'],
  healing: Partial<NamespaceHealing> = {},
  config = aConfig(),
): Promise<string | undefined> {
  const facts = await readHealFacts(new Map([[NAMESPACE, aHealing({ steps: [STEP], ...healing })]]), {
    cluster: { namespaces: () => [NAMESPACE], snapshot: () => aSnapshot({ config: ok(config) }) },
    state: {
      records: async () => new Map([[NAMESPACE, REFUSED]]),
      release: async () => undefined,
      openRollouts: async () => [],
      knownRollout: async () => undefined,
      now: () => NOW,
      holds: async () => new Map(),
      channels: async () => new Map(),
    },
    policy: { current: () => ({}) },
    readQuotas,
    timings: { graceMs: 60_000, deafAfterMs: 0, progressDeadlineMs: 300_000, bootstrapDeadlineMs: 180_000 },
  });
  return facts.get(NAMESPACE)?.cause;
}

const unreadable = () => Promise.reject(new Error('the API server did not answer'));

test('the limits of the quotas are part of the cause once one has refused something', async () => {
  const small = await causeOf(async () => 'compute(pods=1)');
  expect(small).toContain('compute(pods=1)');
  expect(await causeOf(async () => 'compute(pods=9)')).not.toBe(small);
  expect(await causeOf(async () => 'compute(pods=1)', { steps: [] })).not.toContain('compute');
});

test('the cause is not known while the quotas cannot be read, neither before nor in quarantine', async () => {
  expect(await causeOf(unreadable)).toBeUndefined();
  const cause = (await causeOf(async () => 'compute(pods=1)')) ?? '';
  const quarantine = { since: NOW, rule: 'no-deployment', reason: '', evidence: '', cause } as const;
  expect(await causeOf(unreadable, { quarantine })).toBeUndefined();
});
