import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import express from 'express';
import request from 'supertest';
import type { FleetView } from '../../../../api/fleet-view/fleet-view.ts';
import { openAssets } from '../../../../api/pages/assets.ts';
import { auditPage } from '../../../../api/pages/audit-page.tsx';
import type { StoredAuditEntry } from '../../../../domain/audit/audit-list.ts';
import { SkipperError } from '../../../../domain/errors.ts';
import type { Notice } from '../../../../domain/fleet/notices.ts';
import type { DesiredState } from '../../../../shared/state/desired-state.ts';
import { aFleetSummary } from '../../../support/builders.ts';
import { createFakeCore } from '../../../support/fake-core.ts';

const PAUSED: StoredAuditEntry = {
  id: '2000-0',
  at: Date.parse('2026-11-29T08:00:00Z'),
  kind: 'rollout.paused',
  by: 'skipper',
  trigger: 'release',
  rolloutId: 'r1',
  release: 'v2',
  channel: 'stable',
  namespaces: ['team-a', 'team-b'],
  count: 300,
  reason: 'more failed than <2 %>',
  cause: 'image',
  outcome: 'failed',
};
const HELD: StoredAuditEntry = {
  id: '1000-0',
  at: 1_000,
  kind: 'namespace.held',
  by: '10.0.0.7',
  from: '10.0.0.7',
  trigger: 'cli',
  namespaces: ['team-c'],
  count: 1,
  reason: 'freeze',
  outcome: 'ok',
};

const STOPPED = {
  code: 'healing_stopped',
  message: 'Healing was stopped by jo.',
  remedy: 'Resume it.',
} as const;

function open(auditBefore: DesiredState['auditBefore'], notices: readonly Notice[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'skipper-pages-'));
  mkdirSync(join(folder, 'assets'));
  const names = ['audit.tsx', 'skipper.css', 'logo.svg'];
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(Object.fromEntries(names.map((n) => [n, n]))));
  const { core } = createFakeCore();
  const state: DesiredState = { ...core.state, auditBefore };
  const view = {
    refresh: async () => undefined,
    summary: () => aFleetSummary([], { notices }),
  } as unknown as FleetView;
  return express().get('/audit', auditPage({ state, settings: core.settings, view }, openAssets(folder)));
}

const twoEntries = open(async () => ({ entries: [PAUSED, HELD], next: undefined }));

describe('GET /audit', () => {
  test('has the notices of the other pages, and says that what Redis has lost is missing', async () => {
    const { text } = await request(open(async () => ({ entries: [HELD], next: undefined }), [STOPPED])).get(
      '/audit',
    );

    expect(text).toContain('Healing was stopped by jo.');
    expect(text).toContain('before Redis lost its data is lost');
    expect(text).toContain('<code>skipper</code> for automatic decisions');
  });

  test('counts namespaces that an entry does not name', async () => {
    const rebuilt = { ...HELD, kind: 'state.rebuilt' as const, namespaces: undefined, count: 40 };
    const { text } = await request(open(async () => ({ entries: [rebuilt], next: undefined }))).get('/audit');

    expect(text).toContain('40 namespaces');
    expect(text).not.toContain('and 40 more');
  });

  test('shows who did what and why before any script runs, with links', async () => {
    const { status, text } = await request(twoEntries).get('/audit');

    expect(status).toBe(200);
    for (const shown of [
      'Rollout paused',
      'by Skipper after a release check',
      'more failed than &lt;2 %>',
      'href="/rollouts/r1"',
      'href="/status/team-a"',
      'and 298 more',
      'Namespace held',
      'by 10.0.0.7 on the command line',
      '2026-11-29 08:00:00 UTC',
      'aria-current="page" href="/audit"',
    ])
      expect(text).toContain(shown);
  });

  test('filters by its query, keeps the filters in the form, and ignores unknown ones', async () => {
    const { text } = await request(twoEntries).get('/audit?kind=namespace&namespace=team-c&outcome=odd');

    expect(text).not.toContain('Rollout paused</h2>');
    expect(text).toContain('Namespace held</h2>');
    expect(text).toMatch(/<option [^>]*selected[^>]*>Namespaces: all/);
    expect(text).toContain('value="team-c"');
    expect(text).toContain('href="/api/audit?kind=namespace&amp;namespace=team-c&amp;format=jsonl"');
  });

  test('says that nothing matches', async () => {
    const { text } = await request(twoEntries).get('/audit?by=nobody');

    expect(text).toContain('No entries match.');
  });

  test('links to older entries, and from there to the newest', async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ ...HELD, id: `${900 - index}-0` }));
    const app = open(async () => ({ entries: many, next: undefined }));

    expect((await request(app).get('/audit')).text).toContain('href="/audit?cursor=851-0"');
    expect((await request(app).get('/audit?cursor=1000-0')).text).toMatch(/href="\/audit">\s*Newest/);
  });

  test('explains that Redis is unreachable', async () => {
    const app = open(async () => {
      throw new SkipperError('redis_unavailable', 'Redis does not answer');
    });
    const { status, text } = await request(app).get('/audit');

    expect(status).toBe(503);
    expect(text).toContain('The audit log cannot be read now');
    expect(text).toContain('Redis does not answer');
  });
});
