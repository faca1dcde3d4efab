import type { NamespaceStatus } from '../../domain/cluster/status.ts';
import type { NamespaceDetails, NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { NO_PASS, unknownRules } from '../../domain/heal/view-rules.ts';
import type { Attempt, LastBootstrap } from '../../domain/rollout/attempt.ts';
import { aFleetRow, NAMESPACE, OUR_ID, ROLLOUT, VERSION } from './builders.ts';

/** Plausible parts of a namespace's details; a test overrides only what matters to it. */

export const STARTED_AT = 1_700_000_000_000;

export function anAttempt(overrides: Partial<Attempt> = {}): Attempt {
  return {
    rolloutId: ROLLOUT,
    generation: 1,
    attempt: 1,
    jobId: `${NAMESPACE}.1`,
    trigger: 'api',
    requestedBy: '127.0.0.1',
    version: VERSION,
    startedAt: STARTED_AT,
    endedAt: STARTED_AT + 2_000,
    end: 'completed',
    outcome: 'updated',
    code: undefined,
    reason: 'image is another',
    details: [],
    steps: [
      { kind: 'observe', text: 'read the state of the cluster', at: 0, ms: 5 },
      { kind: 'waiting for FDD', text: '', at: 5, ms: 1_995 },
    ],
    retryDelayMs: undefined,
    times: 1,
    firstStartedAt: STARTED_AT,
    ...overrides,
  };
}

export function aFailedAttempt(code: string, overrides: Partial<Attempt> = {}): Attempt {
  return anAttempt({
    end: 'failed',
    outcome: undefined,
    code,
    reason: `it failed with ${code}`,
    ...overrides,
  });
}

export function aBootstrap(overrides: Partial<LastBootstrap> = {}): LastBootstrap {
  return {
    deploymentId: OUR_ID,
    collectedAt: STARTED_AT + 1_000,
    exitCode: 0,
    reason: 'Completed',
    log: 'Bootstrapped 1 applications',
    events: [],
    ...overrides,
  };
}

/** The row of a namespace whose only attempt succeeded. */
export function aRow(overrides: Partial<FleetRow> = {}): FleetRow {
  return aFleetRow({ attempt: 1, since: STARTED_AT, ...overrides });
}

export function someDetails(overrides: Partial<NamespaceDetails> = {}): NamespaceDetails {
  const row = overrides.row ?? aRow();
  return {
    namespace: row.namespace,
    now: STARTED_AT + 60_000,
    row,
    why: { headline: 'All is well.', because: [], remedy: [], health: row.health },
    healing: unknownRules(NO_PASS),
    notices: [],
    stale: [],
    attempts: [],
    rollouts: [],
    jobs: [],
    checks: [],
    conditions: [],
    fddPods: [],
    ...overrides,
  };
}

/** Upstream's keys in the status of a healthy namespace. */
export function aStatus(overrides: Partial<NamespaceStatus> = {}): NamespaceStatus {
  const { namespace, status, channel, version } = aRow();
  return { name: 'fiaas-deploy-daemon', namespace, status, description: '', channel, version, ...overrides };
}

/** A namespace where a deploy would change nothing. */
export function someObjects(overrides: Partial<NamespaceObjects> = {}): NamespaceObjects {
  return {
    namespace: NAMESPACE,
    readAt: STARTED_AT + 60_000,
    objects: [],
    reports: [],
    plan: { action: 'unchanged', reason: 'it is as it should be', steps: [] },
    diff: { isEqual: true, hunks: [] },
    ...overrides,
  };
}
