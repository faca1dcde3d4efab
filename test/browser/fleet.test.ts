import { describe, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { APPLICATIONS, DEPLOYMENTS, pathOf } from '../../shared/kubernetes/resources.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { quickestOf } from '../support/quickest.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { accessibilityProblems, useBrowser } from './support/browser.ts';

/** Five namespaces: what people do on the fleet page, step by step. */
const NAMESPACES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

let api: SkipperProcess;
const world = useWorld({ processes: true }, async (opened) => {
  for (const name of NAMESPACES) await opened.addNamespace(name, { fdd: OLD });
  api = await opened.startApi();
  await opened.startWorker();
});
const browser = useBrowser();

function row(page: Page, namespace: string): Locator {
  return page.locator(`tr[data-namespace="${namespace}"]`);
}

async function openFleet(query = ''): Promise<Page> {
  const page = await browser.open(`${api.url}/status${query}`);
  await page.getByText('Live', { exact: true }).waitFor();
  return page;
}

/** The button names its action. */
const REQUEST = /^(Deploy|Update|Restart|Bootstrap) \d|^Check again$/;

async function confirmDeploy(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByText('What will happen').waitFor();
  await dialog.getByRole('button', { name: REQUEST }).click();
  await dialog.waitFor({ state: 'detached' });
}

describe('the fleet page', () => {
  test('is the page at /, with a row per namespace', async () => {
    const page = await browser.open(api.url);

    await expect(page.url()).toBe(`${api.url}/status`);
    expect(await page.title()).toContain('Skipper');
    for (const name of NAMESPACES) {
      expect(await row(page, name).innerText()).toMatch(/OK[\s\S]*stable[\s\S]*20190215094822-2ace0ea/);
    }
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('5 namespaces');
  });

  test('works without JavaScript: rows, filters and the page of a namespace', async () => {
    const page = await browser.open(`${api.url}/status?q=alp`, { javaScriptEnabled: false });

    expect(await page.locator('tr[data-namespace]').count()).toBe(1);
    await page.getByRole('searchbox').fill('beta');
    await page.getByRole('button', { name: 'Apply' }).click();
    await row(page, 'beta').waitFor();
    await page.waitForURL(/q=beta/);
    await page.getByRole('button', { name: 'Deploy beta' }).waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: 'beta' }).click();
    await page.waitForURL(`${api.url}/status/beta`);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('beta');
  });

  test('shows a change in the cluster within a second, without a reload', async () => {
    const page = await openFleet();
    const { image } = (await world.application('epsilon')).spec;
    const setImage = (newImage: string) =>
      world.kube.request({
        method: 'PATCH',
        patchType: 'merge',
        path: pathOf(APPLICATIONS, { namespace: 'epsilon', name: FDD }),
        body: { spec: { image: newImage } },
      });
    const took = await quickestOf(20, 1_000, async () => {
      await setImage('fiaas/fiaas-deploy-daemon:by-hand');
      const changed = Date.now();
      await row(page, 'epsilon').getByText('Version mismatch').waitFor();
      const tookMs = Date.now() - changed;
      await setImage(image);
      await row(page, 'epsilon').getByText('FDD is OK').waitFor();
      return tookMs;
    });

    expect(took).toBeLessThan(1_000);
  });

  test('shows new namespaces, and removes deleted ones', async () => {
    const page = await openFleet();
    await world.addNamespace('newcomer');

    await row(page, 'newcomer').getByText('Not found').waitFor();
    await world.removeNamespace('newcomer');
    await row(page, 'newcomer').waitFor({ state: 'detached' });
  });
});

describe('deploying', () => {
  test('one namespace: shows the plan first, then the new version', async () => {
    const page = await openFleet();
    await row(page, 'alpha').getByRole('button', { name: 'Deploy alpha' }).click();
    const dialog = page.getByRole('dialog', { name: 'Deploy alpha' });

    await dialog.getByText('What will happen').waitFor();
    expect(await dialog.locator('.plan').innerText()).toMatch(/1[\s\S]*(create|update)/i);
    await confirmDeploy(page);
    await row(page, 'alpha').getByText(NEW, { exact: true }).waitFor();
    await row(page, 'alpha').and(page.locator('.healthy')).waitFor();
    expect((await world.application('alpha')).spec.image).toContain(NEW);
  });

  test('the force-bootstrap box is never left ticked, and the plan shows its effect', async () => {
    const page = await openFleet();
    const open = () => row(page, 'beta').getByRole('button', { name: 'Deploy beta' }).click();
    const box = page.getByRole('checkbox', { name: /Force bootstrap/ });
    await open();
    await box.check();
    await page
      .locator('.plan')
      .getByText(/bootstrap/i)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();

    await open();
    expect(await box.isChecked()).toBe(false);
    await box.check();
    await page
      .locator('.plan')
      .getByText(/bootstrap/i)
      .first()
      .waitFor();
    await confirmDeploy(page);

    await row(page, 'beta').and(page.locator('.healthy')).getByText(NEW, { exact: true }).waitFor();
    expect(world.changes('beta')).toContain('create pods');
    expect(world.audit({ namespace: 'beta', resource: 'pods', verb: 'create' })).toHaveLength(1);
    await open();
    expect(await box.isChecked()).toBe(false);
  });

  test('only the selected namespaces', async () => {
    const page = await openFleet();
    await page.getByRole('checkbox', { name: 'Select gamma' }).check();
    await page.getByRole('checkbox', { name: 'Select delta' }).check();
    await page.getByRole('button', { name: 'Deploy 2 selected…' }).click();
    await confirmDeploy(page);

    for (const name of ['gamma', 'delta']) await row(page, name).getByText(NEW, { exact: true }).waitFor();
    const [{ id }] = (await world.http('/api/rollouts')).body.rollouts;
    const { targets } = await world.rollout(id);
    expect(targets.map(({ namespace }) => namespace).sort()).toEqual(['delta', 'gamma']);
  });

  test('all filtered namespaces, with a confirmation by number if they are most of the fleet', async () => {
    const page = await openFleet('?q=a');
    await page.getByRole('button', { name: /Deploy \d shown…/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('What will happen').waitFor();

    expect(await dialog.locator('.blast-radius').innerText()).not.toBe('');
    await page.getByRole('button', { name: 'Cancel' }).click();
  });

  test("a refusal shows the API's message and keeps the selection", async () => {
    browser.expectComplaints(/status of 400|status of 503|Failed to load resource/);
    const page = await openFleet();
    await page.getByRole('checkbox', { name: 'Select epsilon' }).check();
    await page.route('**/api/deploy', (route) =>
      route.continue({ postData: JSON.stringify({ namespaces: ['nowhere'], dry_run: true }) }),
    );
    await page.getByRole('button', { name: 'Deploy 1 selected…' }).click();

    await page
      .getByRole('alert')
      .getByText(/nowhere/)
      .waitFor();
    const confirm = page.getByRole('dialog').getByRole('button', { name: /^Deploy / });
    expect(await confirm.isDisabled()).toBe(true);
  });
});

describe('troubleshooting', () => {
  test('a newcomer finds the cause, fixes it, deploys again, and sees the namespace turn green', async () => {
    world.fdds.misbehaviour.set('epsilon', {
      kind: 'failed',
      lines: ['403 poddisruptionbudgets.policy "fiaas-deploy-daemon" is forbidden'],
    });
    const page = await openFleet();
    await row(page, 'epsilon').getByRole('button', { name: 'Deploy epsilon' }).click();
    await confirmDeploy(page);

    await row(page, 'epsilon').getByText('poddisruptionbudgets.policy').waitFor();
    await row(page, 'epsilon')
      .getByText(/failed/i)
      .first()
      .waitFor();
    // Failing namespaces come first, as soon as the pointer rests.
    await page.locator('tr[data-namespace]').first().and(row(page, 'epsilon')).waitFor();
    await page.getByRole('link', { name: 'epsilon' }).click();
    await page.waitForURL(`${api.url}/status/epsilon`);
    await page.getByRole('heading', { name: 'What to do' }).waitFor();
    expect(await page.locator('.why').innerText()).toContain('poddisruptionbudgets.policy');
    expect(await accessibilityProblems(page)).toEqual([]);

    world.fdds.misbehaviour.clear('epsilon');
    await page.getByRole('button', { name: /^Deploy/ }).click();
    await confirmDeploy(page);
    await page.locator('.health-badge.healthy').waitFor();
    await page.getByRole('link', { name: 'Fleet' }).first().click();
    await row(page, 'epsilon').and(page.locator('.healthy')).waitFor();
  });

  test('an invalid ConfigMap is shown with its wrong key', async () => {
    await world.addNamespace('broken', { data: { tag: 'stable', 'cluster_config.yaml': 'a: [1' } });
    const page = await openFleet('?status=CONFIG_ERROR');

    expect(await row(page, 'broken').innerText()).toMatch(/Config error[\s\S]*cluster_config\.yaml/);
    await world.removeNamespace('broken');
    await row(page, 'broken').waitFor({ state: 'detached' });
  });
});

describe('connections', () => {
  test('an API restart is shown, waited for, and caught up with', async () => {
    // How a connection ends depends on when: refused, reset, or without the rest of an answer.
    browser.expectComplaints(/Failed to load resource: net::ERR_/);
    const port = Number(new URL(api.url).port);
    const other = await world.startApi();
    const page = await browser.open(`${other.url}/status`);
    await page.getByText('Live', { exact: true }).waitFor();
    const otherPort = Number(new URL(other.url).port);
    expect(otherPort).not.toBe(port);

    await other.stop();
    await page.getByText('Connection lost, reconnecting.').waitFor();
    expect(await page.locator('.notices').innerText()).toMatch(/What you see is from \d\d:\d\d/);
    await world.kube.delete(DEPLOYMENTS, { namespace: 'delta', name: FDD });
    const again = await world.startApi({ port: otherPort });
    try {
      await row(page, 'delta').getByText('Not found').waitFor();
      await page.getByText('Connection lost').waitFor({ state: 'detached' });
    } finally {
      await again.stop();
    }
  });

  test('the page shows what is stale while Redis is down', async () => {
    const page = await openFleet();
    await world.redis.stop();
    try {
      await page.locator('.notice.outdated').getByText(/Redis/).waitFor();
    } finally {
      await world.redis.start();
    }
    await page.locator('.notice.outdated').waitFor({ state: 'detached' });
  });

  test('the page reports a Redis that is connected but hangs', async () => {
    const page = await openFleet();
    process.kill(world.redis.pid(), 'SIGSTOP');
    try {
      await page
        .locator('.notice.outdated')
        .getByText(/Redis does not answer/)
        .waitFor();
    } finally {
      process.kill(world.redis.pid(), 'SIGCONT');
    }
    await page.locator('.notice.outdated').waitFor({ state: 'detached' });
  });

  test('twenty tabs share one connection', async () => {
    const page = await openFleet();
    const tabs: Page[] = [];
    for (let count = 0; count < 19; count += 1) tabs.push(await browser.openTab(page, `${api.url}/status`));
    for (const tab of tabs) await tab.getByText('Live', { exact: true }).waitFor();

    await world.addNamespace('for-all-tabs');
    await Promise.all(tabs.map((tab) => row(tab, 'for-all-tabs').waitFor()));
    await world.removeNamespace('for-all-tabs');
    await until(
      async () =>
        (await Promise.all(tabs.map((tab) => row(tab, 'for-all-tabs').count()))).every((n) => n === 0),
      'the row is gone from every tab',
    );
  });
});

describe('appearance', () => {
  test.each(['light', 'dark'] as const)('axe finds nothing serious in %s', async (colorScheme) => {
    const page = await browser.open(`${api.url}/status`, { colorScheme });
    await page.getByText('Live', { exact: true }).waitFor();

    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Deploy alpha' }).click();
    await page.getByText('What will happen').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('light and dark can be chosen, and are remembered', async () => {
    const page = await openFleet();
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await background();
    await page.getByRole('button', { name: 'Switch between light and dark' }).click();
    const dark = await background();

    expect(dark).not.toBe(light);
    await page.reload();
    expect(await background()).toBe(dark);
  });

  test('fits a phone', async () => {
    const page = await browser.openOnPhone(`${api.url}/status`);
    await row(page, 'alpha').waitFor();

    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
    expect(await accessibilityProblems(page)).toEqual([]);
    await row(page, 'alpha').getByRole('button', { name: 'Deploy alpha' }).tap();
    await page.getByText('What will happen').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
});
