import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import express from 'express';
import request from 'supertest';
import { openObjectReader } from '../../../../api/namespace-details/object-reader.ts';
import { openAssets } from '../../../../api/pages/assets.ts';
import { namespacePage } from '../../../../api/pages/namespace-page.tsx';
import type { SettingSources } from '../../../../shared/config.ts';
import { createFakeCore } from '../../../support/fake-core.ts';
import { aFakeView } from '../../../support/fake-view.ts';

function open(flags: SettingSources['flags'] = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'skipper-pages-'));
  const names = ['namespace.tsx', 'feed-worker.ts', 'skipper.css', 'logo.svg'];
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify(Object.fromEntries(names.map((name) => [name, name]))),
  );
  const fake = { ...createFakeCore({ flags }).core, view: aFakeView() };
  const requireToken = () => undefined;
  const sources = { ...fake, objects: openObjectReader(fake), isTrusted: () => true, requireToken };
  return express().get('/status/:namespace', namespacePage(sources, openAssets(folder)));
}

describe('GET /status/:namespace', () => {
  test.each([
    ['team-a', 200],
    ['unknown', 404],
  ])('shows the name of the environment for %s', async (namespace, expected) => {
    const { status, text } = await request(open({ environmentLabel: 'staging' })).get(`/status/${namespace}`);

    expect(status).toBe(expected);
    expect(text).toMatch(/<span class="environment-badge"[^>]*>staging</);
  });

  test('shows no environment if no label is set', async () => {
    const { text } = await request(open()).get('/status/team-a');

    expect(text).not.toContain('environment-badge');
  });

  test('offers the logs of the containers, and calls FDD’s report what it is', async () => {
    const { text } = await request(open()).get('/status/team-a');

    expect(text).toMatch(/<h2 id="container-logs">Container logs</);
    expect(text).toContain('<code>skipper logs team-a</code>');
    expect(text).toContain('FDD’s report on the deployment');
    expect(text).not.toContain('FDD’s log');
  });
});
