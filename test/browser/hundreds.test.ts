import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { FleetDocument } from '../../domain/fleet/fleet-feed.ts';
import { type DemoNamespace, planFleet } from '../../simulator/demo/plan-fleet.ts';
import { populateCluster } from '../../simulator/demo/populate-cluster.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { isQuiet } from '../support/demo.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { accessibilityProblems, useBrowser } from './support/browser.ts';

/** Three hundred namespaces, 15 of which fail for four reasons: navigation in a large fleet. */
const NAMESPACES = 300;
const FAILING = 15;
/** These only end hangs: a slow machine needs minutes for so many. */
const FILLED_MS = 900_000;
const DEADLINE_SECONDS = 600;

let api: SkipperProcess;
const world = useWorld(
  {
    cluster: { auditLimit: 0 },
    flags: {
      'disable-autoupdate': false,
      'release-check-interval': 5,
      'progress-deadline': DEADLINE_SECONDS,
      'bootstrap-deadline': DEADLINE_SECONDS,
      concurrency: 10,
      'max-in-flight': 40,
      'disable-kubernetes-events': true,
    },
    processes: true,
    openTimeoutMs: FILLED_MS + 10_000,
  },
  async (opened) => {
    const fleet = planFleet({ namespaces: NAMESPACES, failRate: FAILING / NAMESPACES }).map(withoutDeadline);
    const usable = { client: opened.kube, untilNamespacesAreUsable: async () => undefined };
    await populateCluster(usable, opened.fdds, fleet, new AbortController().signal);
    api = await opened.startApi();
    await Promise.all([opened.startWorker(), opened.startWorker()]);
    const ready = async () => isQuiet(NAMESPACES)((await opened.http('/api/fleet')).body);
    await until(ready, `a fleet of ${NAMESPACES}`, FILLED_MS);
  },
);
const browser = useBrowser();

/** What hangs fails at its deadline only: either the tests wait for it, or a slow machine is not done by then. */
function withoutDeadline(namespace: DemoNamespace): DemoNamespace {
  if (namespace.fault?.kind !== 'hang') return namespace;
  return { ...namespace, fault: { kind: 'failed', lines: ['exceeded quota: pods'] } };
}

async function fleetOfApi(): Promise<FleetDocument> {
  return (await world.http('/api/fleet')).body;
}

async function openFleet(query = ''): Promise<Page> {
  const page = await browser.open(`${api.url}/status${query}`);
  await page.getByText('Live', { exact: true }).waitFor();
  return page;
}

function names(page: Page): Promise<(string | null)[]> {
  return page
    .locator('tr[data-namespace]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-namespace')));
}

/** The button names its action. */
const REQUEST = /^(Deploy|Update|Restart|Bootstrap) \d|^Check again$/;

describe('the summary', () => {
  test('matches the API: health counts, versions, channels, workers, queue and rollouts', async () => {
    const page = await openFleet();
    const { summary } = await fleetOfApi();

    const tiles = await page.locator('.tiles').innerText();
    expect(tiles).toMatch(new RegExp(`${summary.byHealth.degraded}\\s+Degraded`));
    expect(tiles).toMatch(new RegExp(`${summary.byHealth.healthy}\\s+Healthy`));
    const [latest] = summary.rollouts;
    const text = await page.locator('main').innerText();
    expect(text).toContain(latest?.versions[0]);
    expect(text).toMatch(/workers\s+2\b/);
    expect(text).toMatch(/queued\s+0\b/);
    for (const { channel, version, namespaces } of summary.channels) {
      expect(text).toContain(channel);
      expect(text).toContain(version);
      expect(text).toContain(`${namespaces} namespaces`);
    }
    expect(text).toMatch(/checked (just now|\d+ s ago)/);
  });

  test('shows only the namespaces of a tile after a click on it', async () => {
    const page = await openFleet();
    const { summary } = await fleetOfApi();
    await page.locator('.tile.degraded').click();

    await page.waitForURL(/health=degraded/);
    await page.getByText(`${summary.byHealth.degraded} of ${NAMESPACES}`).waitFor();
  });
});

describe('finding', () => {
  test('search, filters and order are kept in the URL, which restores them, even without a script', async () => {
    const page = await openFleet();
    await page.getByRole('searchbox').fill('team-1');
    await page.getByRole('combobox', { name: 'Channel' }).selectOption('latest');
    await page.getByRole('link', { name: 'Namespace' }).click();
    await page.getByRole('link', { name: 'Namespace' }).click();
    await until(
      async () => new URL(page.url()).searchParams.get('sort') === '-namespace',
      'the filters are in the URL',
    );
    const seen = await names(page);

    expect(new URL(page.url()).searchParams.get('q')).toBe('team-1');
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual([...seen].sort().reverse());
    const shared = await browser.open(page.url(), { javaScriptEnabled: false });
    expect(await names(shared)).toEqual(seen.slice(0, 100));
    expect(await shared.getByRole('searchbox').inputValue()).toBe('team-1');
  });

  test('failures are grouped by cause, independent of the namespace names', async () => {
    const page = await openFleet('?health=degraded&group=cause');
    const failing = (await fleetOfApi()).rows.filter(({ health }) => health === 'degraded');
    const groups = page.locator('tr.group');

    const counts = (await groups.locator('.group-count').allInnerTexts()).map((text) =>
      Number.parseInt(text, 10),
    );
    expect(failing).toHaveLength(FAILING);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(FAILING);
    // There are four reasons, each in bootstraps and in updates.
    expect(counts.length).toBeLessThanOrEqual(8);
    const causes = await groups.locator('.group-cause').allInnerTexts();
    expect(causes.join('\n')).not.toMatch(/team-\d+/);
    await groups.first().getByRole('button', { expanded: false }).click();
    await page.locator('tr[data-namespace]').first().waitFor();
    expect((await names(page)).length).toBe(counts[0]);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('a group is deployed together', async () => {
    const page = await openFleet('?health=degraded&group=cause');
    const group = page.locator('tr.group').last();
    const count = Number.parseInt(await group.locator('.group-count').innerText(), 10);
    await group.getByRole('button', { name: /^Deploy/ }).click();

    const dialog = page.getByRole('dialog');
    await dialog.getByText('What will happen').waitFor();
    expect(await dialog.getByRole('button', { name: REQUEST }).innerText()).toMatch(
      new RegExp(`\\b${count}\\b|^Check again$`),
    );
  });

  test('everything works with the keyboard', async () => {
    const page = await openFleet();
    await page.keyboard.press('/');
    await page.keyboard.type('team-25');
    await page.getByText(`10 of ${NAMESPACES}`).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('x');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('x');
    await page.getByRole('button', { name: 'Deploy 2 selected…' }).waitFor();
    await page.keyboard.press('d');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/status\/team-25\d?$/);
  });
});

describe('a rollout of everything', () => {
  test('shows how much it affects, requires typing the number, and shows its progress and end', async () => {
    const page = await openFleet();
    await page.getByRole('button', { name: `Deploy all ${NAMESPACES}…` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('checkbox', { name: /Force bootstrap/ }).check();
    await dialog
      .locator('.plan')
      .getByText(/bootstrap/i)
      .first()
      .waitFor();
    await dialog.getByText(new RegExp(`of ${NAMESPACES} namespaces, \\d+.%`)).waitFor();
    const confirm = dialog.getByRole('button', { name: REQUEST });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel(/to confirm/).fill(String(NAMESPACES));
    await confirm.click();

    await page.getByRole('heading', { name: 'Rollouts in progress' }).waitFor();
    const rollout = page.locator('.rollouts li').first();
    await rollout.getByText(/running/).waitFor();
    await rollout.locator('.eta').waitFor();
    await page.locator('tr.progressing').first().waitFor();
    const [{ id }] = (await world.http('/api/rollouts')).body.rollouts;
    await world.http(`/api/rollouts/${id}/cancel`, { method: 'POST', body: { reason: 'seen enough' } });
    await page.getByRole('heading', { name: 'Latest rollout' }).waitFor();
    await rollout.getByText(/\d+ cancelled/).waitFor();
  });
});
