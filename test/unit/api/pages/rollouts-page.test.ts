import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import express from 'express';
import request from 'supertest';
import { openAssets } from '../../../../api/pages/assets.ts';
import { rolloutPage } from '../../../../api/pages/rollout-page.tsx';
import { rolloutsPage } from '../../../../api/pages/rollouts-page.tsx';
import { SkipperError } from '../../../../domain/errors.ts';
import type { RolloutTarget } from '../../../../domain/rollout/rollout.ts';
import type { DesiredState } from '../../../../shared/state/desired-state.ts';
import { aRollout, ROLLOUT } from '../../../support/builders.ts';
import { createFakeCore } from '../../../support/fake-core.ts';
import { someCounts } from '../../../support/rollout-builders.ts';

function someAssets() {
  const folder = mkdtempSync(join(tmpdir(), 'skipper-pages-'));
  mkdirSync(join(folder, 'assets'));
  const names = ['rollout.tsx', 'rollouts.tsx', 'skipper.css', 'logo.svg'];
  const manifest = Object.fromEntries(names.map((name) => [name, `${name}-HASH`]));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return openAssets(folder);
}

const FAILED: RolloutTarget = {
  state: 'failed',
  reason: 'exceeded quota: pods',
  details: ['token=s3cret'],
};

function open(overrides: Partial<DesiredState> = {}) {
  const { core } = createFakeCore();
  const rollout = aRollout({ releases: [{ channel: 'stable', image: 'fdd:v2', version: 'v2' }] });
  const counts = someCounts({ failed: 1 });
  const state: DesiredState = {
    ...core.state,
    rollout: async (id) => (id === ROLLOUT ? { rollout, targets: new Map([['team-a', FAILED]]) } : undefined),
    rolloutPage: async (_limit, before) =>
      before === 'unknown' ? undefined : { rollouts: [{ rollout, counts }] },
    ...overrides,
  };
  const sources = { state, settings: core.settings };
  const assets = someAssets();
  return express()
    .get('/rollouts', rolloutsPage(sources, assets))
    .get('/rollouts/:id', rolloutPage(sources, assets));
}

async function isDown(): Promise<never> {
  throw new SkipperError('redis_unavailable', 'Redis does not answer');
}

describe('GET /rollouts', () => {
  test('lists rollouts before any script runs', async () => {
    const { status, text } = await request(open()).get('/rollouts');

    expect(status).toBe(200);
    expect(text).toContain(`href="/rollouts/${ROLLOUT}"`);
    expect(text).toContain('aria-label="1 failed"');
  });

  test('shows only what its filters match', async () => {
    expect((await request(open()).get('/rollouts?state=failed')).text).toContain(`/rollouts/${ROLLOUT}"`);
    expect((await request(open()).get('/rollouts?state=paused')).text).toContain('No rollouts match.');
  });

  test('begins with the newest if the rollout of a link to older ones is gone', async () => {
    const { status, headers } = await request(open()).get('/rollouts?state=failed&before=unknown');

    expect([status, headers.location]).toEqual([302, '/rollouts?state=failed']);
  });

  test('says why rollouts cannot be read', async () => {
    const { status, text, headers } = await request(open({ rolloutPage: isDown })).get('/rollouts');

    expect(status).toBe(503);
    expect(headers['content-type']).toContain('text/html');
    expect(text).toContain('Redis does not answer');
  });
});

describe('GET /rollouts/:id', () => {
  test('shows the rollout with its failures by cause, but no evidence, which may have secrets', async () => {
    const { status, text } = await request(open()).get(`/rollouts/${ROLLOUT}`);

    expect(status).toBe(200);
    expect(text).toContain('exceeded quota: pods');
    expect(text).toContain('href="/status/team-a"');
    expect(text).not.toContain('s3cret');
  });

  test('responds with 404 and a page for an unknown id', async () => {
    const { status, text } = await request(open()).get('/rollouts/other');

    expect(status).toBe(404);
    expect(text).toContain('This rollout is not known');
  });

  test('says why a rollout cannot be read', async () => {
    const { status, text } = await request(open({ rollout: isDown })).get(`/rollouts/${ROLLOUT}`);

    expect(status).toBe(503);
    expect(text).toContain('Rollouts cannot be read now');
  });
});
