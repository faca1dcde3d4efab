import { describe, expect, test } from '@jest/globals';
import {
  composeNotices,
  describeNotice,
  healthOfNotice,
  type NoticeFacts,
  stopsDeploys,
} from '../../../../domain/fleet/notices.ts';
import { aFinding, aStatus } from '../../../support/healing-builders.ts';

const NOW = 10_000_000;
const WELL: NoticeFacts = {
  workers: 2,
  deploysPaused: false,
  resting: new Map(),
  schedule: { autoUpdate: true, intervalSeconds: 60, nextAt: NOW },
  lastCheck: { at: NOW, since: NOW, intervalSeconds: 60 },
  pausedRollouts: [],
  healing: aStatus({ checkedAt: NOW }),
};
const OLD_CHECK = { at: 0, since: NOW - 7_200_000, intervalSeconds: 60 };
const OFF = { autoUpdate: false, intervalSeconds: 60, nextAt: NOW };
const resting = new Map([['node-a-1', 'ECONNREFUSED']]);

function codes(facts: Partial<NoticeFacts>): string[] {
  return composeNotices({ ...WELL, ...facts }, NOW).map(({ code }) => code);
}

describe('composeNotices', () => {
  test('reports for a day that Redis lost its data', () => {
    const rebuilt = { at: NOW - 24 * 3_600_000, namespaces: 1, rollouts: 0, interrupted: 0 };

    expect(codes({ rebuilt })).toEqual([]);
    expect(codes({ rebuilt: { ...rebuilt, at: rebuilt.at + 1 } })).toEqual(['state_rebuilt']);
  });

  test('has nothing to report while everything runs, or while a worker has not set a schedule yet', () => {
    expect(codes({})).toEqual([]);
    expect(codes({ schedule: undefined })).toEqual([]);
  });

  test.each([
    [
      'no worker',
      { workers: 0 },
      'No worker is alive: nothing is deployed, and release channels are not checked. Start a worker (skipper worker), or check the log of those that should run.',
      'degraded',
    ],
    [
      'a paused queue',
      { deploysPaused: true },
      'The deploy queue is paused: nothing is deployed until it is resumed on the board. Open the queue "deploy" on the board (/queues), and resume it.',
      'outdated',
    ],
    [
      'workers that rest',
      { workers: 1, resting },
      'The deploy queue rests: 1 worker cannot use the Kubernetes API (node-a-1: ECONNREFUSED). Deploys continue automatically when it can be used; until then no attempt is counted.',
      'outdated',
    ],
    [
      'one of two workers that rests',
      { resting },
      '1 of 2 workers cannot use the Kubernetes API (node-a-1: ECONNREFUSED): the others deploy, more slowly. Check the network and the credentials of those that cannot; they continue automatically.',
      'outdated',
    ],
    [
      'a rebuild',
      { rebuilding: 'the cluster is read' },
      'Redis is new or has lost its data: nothing is deployed until the state is rebuilt (the cluster is read). It takes some seconds. If it takes longer, read the log of the workers.',
      'degraded',
    ],
    [
      'what was lost',
      {
        rebuilt: {
          at: NOW - 60_000,
          namespaces: 12,
          rollouts: 1,
          interrupted: 0,
          copy: 'current',
          copyAt: 0,
        },
      },
      'Redis lost its data at 1970-01-01 02:45:40 UTC: the requests of 12 namespaces and 1 open rollout were rebuilt from the cluster and the saved copy; the history and the audit log from before are lost. Find out why Redis lost its data, and give it a disk (persistence) if it has none.',
      'outdated',
    ],
    [
      'what is lost if nothing was saved',
      { rebuilt: { at: NOW - 60_000, namespaces: 1, rollouts: 0, interrupted: 0, copy: 'none' } },
      'Redis lost its data at 1970-01-01 02:45:40 UTC: the requests of 1 namespace and 0 open rollouts were rebuilt from the cluster; the history and the audit log from before are lost, and as there was no saved copy (--state-config-map), so are holds, pins, ignored releases, quarantines, a stop of healing, and the namespaces that rollouts had not reached. Set holds and pins again, and stop healing again if it was stopped. The release check (skipper releases --check) or a new request brings the release to namespaces that were not reached. Find out why Redis lost its data, and give it a disk (persistence) if it has none.',
      'outdated',
    ],
    [
      'a Redis with an older state',
      {
        rebuilt: {
          at: NOW - 60_000,
          namespaces: 12,
          rollouts: 1,
          interrupted: 0,
          copy: 'current',
          copyAt: 0,
          wentBack: true,
        },
      },
      'Redis went back to an older state at 1970-01-01 02:45:40 UTC: the requests of 12 namespaces and 1 open rollout were rebuilt from the cluster and the saved copy; rollouts that had ended, and the newest entries of the history and the audit log are lost. Unless you restored a backup, find out why Redis lost what was written last, and set appendonly yes if it only saves snapshots.',
      'outdated',
    ],
    [
      'a Redis with an older state if nothing was saved',
      {
        rebuilt: {
          at: NOW - 60_000,
          namespaces: 1,
          rollouts: 0,
          interrupted: 0,
          copy: 'none',
          wentBack: true,
        },
      },
      'Redis went back to an older state at 1970-01-01 02:45:40 UTC: the requests of 1 namespace and 0 open rollouts were rebuilt from the cluster; rollouts that had ended, and the newest entries of the history and the audit log are lost, and as there was no saved copy (--state-config-map), so are quarantines, a stop of healing, and the namespaces that rollouts had not reached; holds, pins and ignored releases are those of the older state. Check holds and pins again, and stop healing again if it was stopped. The release check (skipper releases --check) or a new request brings the release to namespaces that were not reached. Unless you restored a backup, find out why Redis lost what was written last, and set appendonly yes if it only saves snapshots.',
      'outdated',
    ],
    [
      'interrupted rollouts',
      {
        rebuilt: {
          at: NOW - 60_000,
          namespaces: 12,
          rollouts: 2,
          interrupted: 1,
          copy: 'old',
          copyAt: 60_000,
        },
      },
      'Redis lost its data at 1970-01-01 02:45:40 UTC: the requests of 12 namespaces and 2 open rollouts were rebuilt from the cluster and the saved copy; the history and the audit log from before are lost, and so is what was decided after 1970-01-01 00:01:00 UTC, when the copy was saved: holds, cancels, a stop of healing. One rollout is interrupted: check it, and resume or cancel it on its page. Set holds and pins again, and stop healing again if it was stopped. Find out why Redis lost its data, and give it a disk (persistence) if it has none.',
      'outdated',
    ],
    [
      'a copy that cannot be saved',
      { saveProblem: 'forbidden' },
      'What must survive a loss of Redis is not saved completely: forbidden. Remove the cause (--state-config-map): until then, holds, cancels and stops of healing are lost if Redis loses its data.',
      'outdated',
    ],
    [
      'an old release check',
      { lastCheck: OLD_CHECK },
      'The last release check ended 2 h ago, although one is due every 60 s: new releases are not detected. Check the workers, and the release-check queue on the board.',
      'degraded',
    ],
    [
      'a paused rollout',
      { pausedRollouts: [{ id: 'R1', waiting: 1 }] },
      'Rollout R1 is paused: 1 namespace waits for an operator. Read why (skipper rollout show R1), then roll back, retry, resume or cancel it.',
      'outdated',
    ],
    [
      'paused rollouts',
      {
        pausedRollouts: [
          { id: 'R2', waiting: 4 },
          { id: 'R1', waiting: 1 },
        ],
      },
      '2 rollouts are paused: 5 targets wait for an operator. Read why (skipper rollout show R2), then roll back, retry, resume or cancel it.',
      'outdated',
    ],
    [
      'healing that makes no pass',
      { healing: aStatus({ checkedAt: NOW - 120_000, stopped: { at: 0, reason: 'x' } }) },
      'Healing does not check the fleet: the latest pass was 2m ago, and one is due every 15s. Check the workers and their logs.',
      'degraded',
    ],
    [
      'healing that is blocked, also if it is stopped and only reports',
      {
        healing: aStatus({
          mode: 'report',
          checkedAt: NOW,
          stopped: { at: NOW, reason: 'x' },
          fleetWide: [aFinding('crd-missing', { evidence: '404' })],
        }),
      },
      'Healing can judge and repair nothing: crd-missing in the whole fleet: the cluster has no CustomResourceDefinition of FIAAS (404). Start or restart a worker without --disable-crd-creation, or apply the CustomResourceDefinitions of FIAAS. To check: kubectl get crd applications.fiaas.schibsted.io application-statuses.fiaas.schibsted.io',
      'degraded',
    ],
    [
      'healing that stopped automatically',
      { healing: aStatus({ checkedAt: NOW, stopped: { at: NOW, reason: '41 namespaces fell sick' } }) },
      'Healing was stopped automatically, nothing is repaired: 41 namespaces fell sick. Find the cause (skipper heal status), then resume it (skipper heal resume).',
      'outdated',
    ],
    [
      'healing that a person stopped',
      { healing: aStatus({ checkedAt: NOW, stopped: { at: NOW, by: 'jo', reason: 'OPS-17.' } }) },
      'Healing was stopped by jo, nothing is repaired: OPS-17. Resume it when that is over: skipper heal resume.',
      'outdated',
    ],
    [
      'a cap of healing that is used up',
      {
        healing: aStatus({
          checkedAt: NOW,
          cap: { limit: 5, used: 5, freeAt: Date.UTC(2026, 10, 29, 9) },
          states: { stopped: 6, healing: 5 },
        }),
      },
      'Healing has repaired as many namespaces within the last hour as --heal-hourly-cap allows (5): 6 namespaces wait. It continues automatically from 2026-11-29 09:00:00 UTC on. To repair one now: skipper deploy NAMESPACE. To repair more in an hour, raise --heal-hourly-cap.',
      'outdated',
    ],
    [
      'namespaces in quarantine',
      { healing: aStatus({ checkedAt: NOW, states: { quarantined: 3, waiting: 2 } }) },
      '3 namespaces are in quarantine: what healing tried did not help. Read why (skipper quarantine list) and remove the cause. If they are still in quarantine then, release them: skipper quarantine release.',
      'outdated',
    ],
    [
      'auto-update that is off',
      { schedule: OFF },
      'Auto-update is off: deploys start only on request. Deploy outdated namespaces yourself (skipper deploy), or start the workers without --disable-autoupdate.',
      'unmanaged',
    ],
  ] as const)('reports %s, with what to do', (_what, facts: Partial<NoticeFacts>, words, health) => {
    const notices = composeNotices({ ...WELL, ...facts }, NOW);

    expect(notices.map(describeNotice)).toEqual([words]);
    expect(notices.map(healthOfNotice)).toEqual([health]);
  });

  test('reports what keeps healing from repairing, also while it can judge nothing', () => {
    const fleetWide = [aFinding('rights-missing')];
    const stopped = { at: NOW, by: 'jo', reason: 'OPS-17' };

    expect(codes({ healing: aStatus({ checkedAt: NOW, fleetWide, stopped }) })).toEqual([
      'healing_blocked',
      'healing_stopped',
    ]);
  });

  test('reports no cap that keeps no namespace waiting', () => {
    const cap = { limit: 5, used: 5 };

    expect(codes({ healing: aStatus({ checkedAt: NOW, cap, states: { healing: 5 } }) })).toEqual([]);
    expect(
      codes({ healing: aStatus({ mode: 'report', checkedAt: NOW, cap, states: { stopped: 1 } }) }),
    ).toEqual([]);
  });

  test('reports nothing of healing that is off or only reports, or of which no pass is known', () => {
    const stopped = { at: NOW, reason: 'x' };
    expect(codes({ healing: undefined })).toEqual([]);
    expect(codes({ workers: 0, healing: aStatus({ checkedAt: 0 }) })).toEqual(['no_worker']);
    expect(codes({ healing: aStatus({ mode: 'off', checkedAt: 0, states: { quarantined: 1 } }) })).toEqual(
      [],
    );
    expect(codes({ healing: aStatus({ mode: 'report', checkedAt: NOW, stopped }) })).toEqual([]);
  });

  test('reports everything that holds, worst first', () => {
    expect(codes({ workers: 0, deploysPaused: true, resting, lastCheck: OLD_CHECK, schedule: OFF })).toEqual([
      'no_worker',
      'deploys_paused',
      'release_check_overdue',
      'auto_update_off',
    ]);
  });

  test('claims nothing while Redis does not answer', () => {
    expect(
      codes({ workers: undefined, deploysPaused: true, resting, lastCheck: OLD_CHECK, schedule: OFF }),
    ).toEqual([]);
  });
});

describe('stopsDeploys', () => {
  test('holds for what keeps a queued namespace waiting, not for what keeps releases unnoticed', () => {
    const facts = { ...WELL, workers: 1, deploysPaused: true, resting, lastCheck: OLD_CHECK, schedule: OFF };
    const stopping = composeNotices(facts, NOW).filter(stopsDeploys);

    expect(stopping.map(({ code }) => code)).toEqual(['deploys_paused', 'workers_resting']);
    expect(composeNotices({ ...WELL, resting }, NOW).some(stopsDeploys)).toBe(false);
    expect(composeNotices({ ...WELL, workers: 0 }, NOW).every(stopsDeploys)).toBe(true);
  });
});
