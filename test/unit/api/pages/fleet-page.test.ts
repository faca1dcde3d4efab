import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import express from 'express';
import request from 'supertest';
import { openAssets } from '../../../../api/pages/assets.ts';
import { fleetPage } from '../../../../api/pages/fleet-page.tsx';
import { toDataBlock } from '../../../../api/pages/send-page.tsx';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import type { SettingSources } from '../../../../shared/config.ts';
import { aFleetRow, aFleetSummary } from '../../../support/builders.ts';
import { createFakeCore } from '../../../support/fake-core.ts';
import { aFakeView } from '../../../support/fake-view.ts';

/** The files of a build. */
function someAssets() {
  const folder = mkdtempSync(join(tmpdir(), 'skipper-pages-'));
  mkdirSync(join(folder, 'assets'));
  const names = ['fleet.tsx', 'feed-worker.ts', 'skipper.css', 'logo.svg'];
  const manifest = Object.fromEntries(names.map((name) => [name, `${name}-HASH`]));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'assets', 'fleet-HASH.js'), 'export {};');
  return openAssets(folder);
}

function open(rows: readonly FleetRow[], flags: SettingSources['flags'] = {}) {
  const view = aFakeView({ rows: () => rows, summary: () => aFleetSummary(rows) });
  const assets = someAssets();
  return express()
    .use('/assets', assets.serve)
    .get('/status', fleetPage({ ...createFakeCore({ flags }).core, view }, assets));
}

const BROKEN = aFleetRow({
  namespace: 'team-b',
  status: 'UNAVAILABLE',
  health: 'degraded',
  cause: 'pods "x" is forbidden: </script><script>alert(1)</script>',
  causeGroup: 'forbidden',
});
const FLEET = [aFleetRow({ namespace: 'team-a' }), BROKEN];

function stateOf(html: string) {
  return JSON.parse(/<script type="application\/json" id="state">(.*?)<\/script>/s.exec(html)?.[1] ?? 'null');
}

describe('GET /status', () => {
  test('shows namespaces, causes and counts before any script runs', async () => {
    const { status, text, headers } = await request(open(FLEET)).get('/status');

    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/html');
    expect(text).toContain('href="/status/team-a"');
    expect(text).toContain('pods &quot;x&quot; is forbidden: &lt;/script>');
    expect(text.indexOf('/status/team-b"')).toBeLessThan(text.indexOf('/status/team-a"'));
  });

  test('has no inline script, even from a cause', async () => {
    const { text } = await request(open(FLEET)).get('/status');

    expect(text).not.toContain('<script>');
    expect(text).not.toMatch(/ on[a-z]+="/);
    expect(stateOf(text).items[0].row.cause).toBe(BROKEN.cause);
  });

  test('applies the selection of its URL', async () => {
    const { text } = await request(open(FLEET)).get('/status?health=degraded&q=forbidden&sort=-namespace');

    expect(text).toContain('/status/team-b"');
    expect(text).not.toContain('/status/team-a"');
    expect(stateOf(text)).toMatchObject({
      matched: 1,
      selection: { search: 'forbidden', sort: 'namespace' },
    });
  });

  test('contains only the first lines of ten thousand, and the total', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => aFleetRow({ namespace: `ns-${index}` }));

    const { text } = await request(open(many)).get('/status');

    expect(text.match(/data-namespace=/g)).toHaveLength(50);
    expect(text).toContain('Showing the first 50 of 10,000.');
    expect(text.length).toBeLessThan(400_000);
  });

  test('shows the name of its environment, also in the browser', async () => {
    const { text } = await request(open(FLEET, { environmentLabel: 'simulated <cluster>' })).get('/status');

    expect(text).toContain('title="Environment: simulated &lt;cluster>">simulated &lt;cluster></span>');
    expect(stateOf(text).environmentLabel).toBe('simulated <cluster>');
  });

  test('shows no environment if no label is set', async () => {
    const { text } = await request(open(FLEET)).get('/status');

    expect(text).not.toContain('environment-badge');
  });

  test('shows how to add a namespace to an empty fleet', async () => {
    const { text } = await request(open([])).get('/status');

    expect(text).toContain('app=fiaas-deploy-daemon');
  });

  test.each([
    ['', undefined],
    ['skipper-theme=dark', 'dark'],
    ['a=b; skipper-theme=light; c=d', 'light'],
    ['skipper-theme=pink"><script>', undefined],
  ])('has the theme of the cookie %j', async (cookie, theme) => {
    const { text } = await request(open([])).get('/status').set('cookie', cookie);

    expect(/<html[^>]*>/.exec(text)?.[0]).toBe(
      theme === undefined ? '<html lang="en">' : `<html lang="en" data-theme="${theme}">`,
    );
  });
});

describe('GET /assets', () => {
  test('is cached forever, and has its content type', async () => {
    const { headers, status } = await request(open([])).get('/assets/fleet-HASH.js');

    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toContain('javascript');
  });

  test.each(['/assets/none.js', '/assets/', '/assets/../manifest.json'])(
    'responds with 404 at %s',
    async (path) => {
      expect((await request(open([])).get(path)).status).toBe(404);
    },
  );

  test('reports assets that are not built', () => {
    expect(() => openAssets('/nowhere').url('fleet.tsx')).toThrow('npm run build');
    expect(() => someAssets().url('other.tsx')).toThrow('other.tsx');
  });
});

describe('toDataBlock', () => {
  test('cannot close its element, and survives a round trip', () => {
    const value = { text: '</script><!--<script>' };

    expect(toDataBlock(value)).not.toContain('<');
    expect(JSON.parse(toDataBlock(value))).toEqual(value);
  });

  test('exports what its filters show', async () => {
    const { text } = await request(open([BROKEN])).get('/status?health=degraded&q=team');

    expect(text).toContain('href="/api/fleet.csv?q=team&amp;health=degraded"');
    expect(text).toContain('href="/api/fleet"');
  });
});
