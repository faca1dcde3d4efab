import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { HealingState, HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import { RULES } from '../../domain/heal/rule.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { aFinding, aHealing, aStatus, MINUTE } from '../support/healing-builders.ts';
import { NEW } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { storeHealing } from '../support/store-healing.ts';
import { accessibilityProblems, useBrowser } from './support/browser.ts';

/** What a pass of healing has stored, as people see it. No worker runs, so nothing overwrites it. */
const WIDTHS = [320, 360, 480, 701, 800, 901, 1400];
const LONG = 'a-namespace-with-quite-a-long-name-of-its-own-that-is-63-chars-x';

let api: SkipperProcess;
const world = useWorld({ processes: true }, async (opened) => {
  await opened.addNamespace('team-a', { fdd: NEW });
  await opened.addNamespace('team-b', { fdd: NEW });
  api = await opened.startApi();
});
const browser = useBrowser();

/** With an interval of an hour, the pass does not become stale while a test runs. */
function freshStatus(fields: Partial<HealingStatus> = {}): HealingStatus {
  const rules = { 'crash-loop': 2, 'image-pull': 1 };
  return aStatus({ checkedAt: Date.now(), intervalSeconds: 3_600, sick: 3, rules, ...fields });
}

function sick(): Map<string, NamespaceHealing> {
  const at = Date.now();
  const since = at - 7 * MINUTE;
  return new Map<string, NamespaceHealing>([
    [
      'team-a',
      aHealing({
        since,
        findings: [
          aFinding('crash-loop', { since }),
          aFinding('unavailable', { since, evidence: '0 of 1 pods' }),
        ],
        reason: 'a restart did not help.',
        nextAt: at + 3 * MINUTE,
        nextMeans: 'deploy',
        steps: [
          {
            at: at - 4 * MINUTE,
            means: 'restart',
            rule: 'crash-loop',
            rolloutId: '01JAX',
            endedAt: at - 3 * MINUTE,
            result: 'the rule still holds',
          },
        ],
      }),
    ],
    [
      'team-b',
      aHealing({
        since,
        state: 'quarantined',
        reason: 'everything was tried: restart, deploy, bootstrap.',
        findings: [aFinding('image-pull', { since, evidence: 'pod fdd-7d9 ErrImagePull: manifest unknown' })],
        quarantine: {
          since: at - MINUTE,
          rule: 'image-pull',
          reason: '3 steps within an hour did not help',
          evidence: 'pod fdd-7d9 ErrImagePull: manifest unknown',
          cause: 'c0ffee',
        },
      }),
    ],
    [LONG.slice(0, 63), aHealing({ since, state: 'left-alone', reason: 'it is pinned by jo: OPS-17' })],
  ]);
}

function fitsItsWindow(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
}

/** Every width, without an accessibility problem and without a line that is wider than the window. */
async function check(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    expect([name, width, await fitsItsWindow(page)]).toEqual([name, width, true]);
    const folder = process.env.SCREENSHOTS;
    if (folder) await page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: true });
  }
  expect(await accessibilityProblems(page)).toEqual([]);
}

async function open(path: string): Promise<Page> {
  const page = await browser.open(api.url + path);
  await page.getByText(/^(Live|Partly stale)$/).waitFor();
  return page;
}

describe('the page of healing', () => {
  test('shows what is not well, worst first, and filters it', async () => {
    await storeHealing(world.redis.url, freshStatus(), sick());
    const page = await open('/healing');

    await page.getByText('Healing is on.').waitFor();
    expect(await page.locator('.rollout-entry h3').allInnerTexts()).toEqual([
      'team-b',
      'team-a',
      LONG.slice(0, 63),
    ]);
    await check(page, 'on');

    await page.getByRole('link', { name: 'image-pull' }).click();
    // With its script, which applies what is chosen.
    await page.waitForURL(/rule=image-pull/);
    await page.getByText('1 namespace', { exact: true }).waitFor();
    await page.getByLabel('State').selectOption('waiting');
    await page.getByText('No namespaces match.').waitFor();
    await page.getByRole('link', { name: 'Clear the filters' }).click();
    await page.getByText('3 namespaces', { exact: true }).waitFor();
  });

  test('says in the mode report that nothing is done, and what would have been done', async () => {
    const healing = new Map(
      [...sick()].map(([name, each]) => [name, { ...each, state: 'reported' as HealingState }]),
    );
    await storeHealing(world.redis.url, freshStatus({ mode: 'report' }), healing);
    const page = await open('/healing');

    await page.getByText('Healing only reports.', { exact: true }).waitFor();
    await check(page, 'report');
  });

  test.each([
    ['off', freshStatus({ mode: 'off' }), 'Healing is off.'],
    ['never', undefined, /^Unknown: no pass of healing is known/],
    [
      'stopped',
      freshStatus({
        stopped: { at: Date.now() - MINUTE, reason: '60 % of the fleet fell sick within 10 minutes' },
      }),
      /^Healing was stopped automatically: 60 %/,
    ],
    [
      'stale',
      freshStatus({ checkedAt: Date.now() - 9 * MINUTE, intervalSeconds: 15 }),
      /^Unknown: the latest pass was \d+m/,
    ],
  ])('%s: says so', async (name, status, headline) => {
    await storeHealing(world.redis.url, status, name === 'never' ? new Map() : sick());
    const page = await open('/healing');

    await page.getByText(headline).waitFor();
    expect(await page.locator('.icon.health.healthy').count()).toBe(
      name === 'stopped' ? RULES.length - 2 : 0,
    );
    await check(page, name);
  });

  test('stops and resumes healing, with the reason', async () => {
    await storeHealing(world.redis.url, freshStatus(), sick());
    const page = await open('/healing');

    await page.getByRole('button', { name: 'Stop healing…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('No namespace is repaired until somebody resumes healing').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('OPS-17');
    await dialog.getByRole('button', { name: 'Stop healing' }).click();
    await page.getByText('Healing was stopped by 127.0.0.1: OPS-17').waitFor();

    await page.getByRole('button', { name: 'Resume healing…' }).click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('OPS-17 is done');
    await dialog.getByRole('button', { name: 'Resume healing' }).click();
    await page.getByText('Healing is on.').waitFor();
  });

  test('has pages for thousands of namespaces', async () => {
    const names = Array.from({ length: 3_000 }, (_, index) => `sick-${String(index).padStart(4, '0')}`);
    await storeHealing(
      world.redis.url,
      freshStatus({ sick: 3_000 }),
      new Map(names.map((name) => [name, aHealing()])),
    );
    const page = await open('/healing');

    expect(await page.locator('.rollout-entry').count()).toBe(50);
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.getByRole('link', { name: 'sick-0050' }).waitFor();
    await page.getByRole('link', { name: 'First page' }).click();
    await page.getByRole('link', { name: 'sick-0000' }).waitFor();
  });

  test('is readable without scripts', async () => {
    await storeHealing(world.redis.url, freshStatus(), sick());
    const page = await browser.open(`${api.url}/healing`, { javaScriptEnabled: false });

    await page.getByText('Healing is on.').waitFor();
    await page.getByRole('link', { name: 'team-b' }).waitFor();
    await page.getByText('1 step was taken').click();
    await page.getByText('the rule still holds').waitFor();
  });
});

describe('the health rules of a namespace', () => {
  test('release it from quarantine', async () => {
    await storeHealing(world.redis.url, freshStatus(), sick());
    const page = await open('/status/team-b');

    await page.getByRole('button', { name: 'Release from quarantine…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Release from quarantine: team-b').waitFor();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('the image is pushed');
    await dialog.getByRole('button', { name: 'Release from quarantine' }).click();
    await page.getByText('Released from quarantine by 127.0.0.1: the image is pushed').waitFor();
    expect(await page.getByRole('button', { name: 'Release from quarantine…' }).count()).toBe(0);
  });

  test.each([
    ['team-a', '2 rules hold: crash-loop, unavailable.'],
    ['team-b', '1 rule holds: image-pull.'],
  ])('%s', async (namespace, headline) => {
    await storeHealing(world.redis.url, freshStatus(), sick());
    const page = await open(`/status/${namespace}`);

    await page.getByText(headline).waitFor();
    await check(page, namespace);
  });
});
