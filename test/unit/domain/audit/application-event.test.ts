import { describe, expect, test } from '@jest/globals';
import { eventsOf, toEventManifest, toEventSeries } from '../../../../domain/audit/application-event.ts';
import type { StoredAuditEntry } from '../../../../domain/audit/audit-list.ts';

const AT = Date.parse('2026-11-29T08:00:00.123Z');
const ORIGIN = { uid: 'u-1', instance: 'worker-1', name: 'n', at: AT };
const EVENT = { namespace: 'team-a', reason: 'DeployFailed', note: 'it crashed', cause: 'crash' } as const;

describe('an Event', () => {
  test('is about the Application, so that kubectl describe shows it', () => {
    expect(toEventManifest(EVENT, ORIGIN)).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      metadata: { name: 'n', namespace: 'team-a' },
      eventTime: '2026-11-29T08:00:00.123000Z',
      reportingController: 'skipper.fiaas.io',
      reportingInstance: 'worker-1',
      regarding: { kind: 'Application', name: 'fiaas-deploy-daemon', namespace: 'team-a', uid: 'u-1' },
      note: 'it crashed',
      type: 'Warning',
    });
  });

  test.each([
    ['Deployed', 'Normal'],
    ['Healed', 'Normal'],
    ['DeployFailed', 'Warning'],
    ['Quarantined', 'Warning'],
  ] as const)('%s is %s', (reason, type) => {
    expect(toEventManifest({ ...EVENT, reason }, ORIGIN)).toMatchObject({ reason, type });
  });

  test.each(['x'.repeat(3_000), 'é'.repeat(3_000), '😀'.repeat(3_000)])(
    'has a note of a kibibyte at most: %#',
    (note) => {
      const manifest = toEventManifest({ ...EVENT, note }, ORIGIN) as { note: string };
      const bytes = Buffer.byteLength(manifest.note);

      expect(bytes).toBeLessThanOrEqual(1_024);
      expect(bytes).toBeGreaterThan(1_000);
      expect(manifest.note).not.toContain('\ufffd');
    },
  );

  test('that is repeated is a series', () => {
    expect(toEventSeries(3, AT)).toEqual({
      series: { count: 3, lastObservedTime: '2026-11-29T08:00:00.123000Z' },
    });
  });
});

describe('the audit log', () => {
  const entry = {
    id: '1-0',
    at: 1,
    kind: 'namespace.failing',
    by: 'skipper',
    namespaces: ['a', 'b'],
    reason: 'why',
    outcome: 'failed',
  } satisfies StoredAuditEntry;

  test('has failed deploys and quarantines of namespaces', () => {
    expect(eventsOf({ ...entry, cause: 'c' })).toEqual([
      { namespace: 'a', reason: 'DeployFailed', note: 'why', cause: 'c' },
      { namespace: 'b', reason: 'DeployFailed', note: 'why', cause: 'c' },
    ]);
    expect(eventsOf({ ...entry, kind: 'heal.quarantined', rule: 'oom' })).toMatchObject([
      { reason: 'Quarantined', cause: 'why' },
      { reason: 'Quarantined' },
    ]);
  });

  test('has more that is no Event', () => {
    expect(eventsOf({ ...entry, rule: 'oom' })).toEqual([]);
    expect(eventsOf({ ...entry, kind: 'rollout.completed' })).toEqual([]);
    expect(eventsOf({ ...entry, namespaces: undefined })).toEqual([]);
  });
});
