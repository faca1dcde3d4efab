import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import express from 'express';
import request from 'supertest';
import { openAssets } from '../../../../api/pages/assets.ts';
import { healingPage } from '../../../../api/pages/healing-page.tsx';
import { SkipperError } from '../../../../domain/errors.ts';
import type { DesiredState } from '../../../../shared/state/desired-state.ts';
import { createFakeCore } from '../../../support/fake-core.ts';
import { aHealing, aStatus } from '../../../support/healing-builders.ts';

function someAssets() {
  const folder = mkdtempSync(join(tmpdir(), 'skipper-pages-'));
  mkdirSync(join(folder, 'assets'));
  const names = ['healing.tsx', 'skipper.css', 'logo.svg'];
  const manifest = Object.fromEntries(names.map((name) => [name, `${name}-HASH`]));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return openAssets(folder);
}

function open(overrides: Partial<DesiredState> = {}) {
  const { core } = createFakeCore();
  const state: DesiredState = {
    ...core.state,
    healingStatus: async () => aStatus({ checkedAt: Date.now() }),
    healing: async () => new Map([['team-a', aHealing()]]),
    ...overrides,
  };
  return express().get('/healing', healingPage({ state, settings: core.settings }, someAssets()));
}

describe('GET /healing', () => {
  test('lists what is not well before any script runs', async () => {
    const { status, text } = await request(open()).get('/healing');

    expect(status).toBe(200);
    expect(text).toContain('Healing is on.');
    expect(text).toContain('href="/status/team-a"');
    expect(text).toContain('/assets/healing.tsx-HASH');
  });

  test('folds what is well again, and counts it apart', async () => {
    const well = aHealing({ state: 'watching', findings: [], wellSince: 1, reason: 'well' });
    const status = aStatus({ checkedAt: Date.now(), sick: 1, states: { waiting: 1, watching: 1 } });
    const healing = async () =>
      new Map([
        ['team-a', aHealing()],
        ['team-b', well],
      ]);
    const { text } = await request(open({ healing, healingStatus: async () => status })).get('/healing');

    expect(text).toContain('2 namespaces: 1 not well, 1 recovering or well again');
    expect(text).toMatch(/1 of 200 namespaces<?.*, 1 recovering or well again/);
    expect(text).toMatch(/<details class="[^"]*well-again">.*href="\/status\/team-b"/);
    expect(text).not.toMatch(/<details class="[^"]*well-again">.*href="\/status\/team-a"/);
  });

  test('explains the rules without a mouse', async () => {
    const { text } = await request(open()).get('/healing');

    expect(text).toContain('FDD is ready, but does not react to Applications.');
  });

  test('shows what the filters of its URL say', async () => {
    const { text } = await request(open()).get('/healing?state=quarantined');

    expect(text).toContain('No namespaces match.');
    expect(text).toMatch(/<option value="quarantined" selected/);
  });

  test('says why it cannot be read', async () => {
    const healing = () => Promise.reject(new SkipperError('redis_unavailable', 'Redis does not answer'));

    const { status, text } = await request(open({ healing })).get('/healing');

    expect(status).toBe(503);
    expect(text).toContain('Healing cannot be read now');
    expect(text).toContain('Redis does not answer');
  });
});
