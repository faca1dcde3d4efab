import { describe, expect, test } from '@jest/globals';
import pMap from 'p-map';
import type { Page } from 'playwright-core';
import { APPLICATIONS, pathOf } from '../../shared/kubernetes/resources.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { quickestOf } from '../support/quickest.ts';
import { FDD, OLD, until, useWorld } from '../support/simulated-world.ts';
import { useBrowser } from './support/browser.ts';

/** Ten thousand namespaces: the page stays what it was. */
const NAMESPACES = 10_000;

let api: SkipperProcess;
const world = useWorld(
  { fdds: 'instant', cluster: { auditLimit: 0 }, openTimeoutMs: 300_000 },
  async (opened) => {
    const names = Array.from(
      { length: NAMESPACES },
      (_, index) => `team-${String(index + 1).padStart(5, '0')}`,
    );
    await pMap(names, (name) => opened.addNamespace(name, { fdd: OLD }), { concurrency: 32 });
    api = await opened.startApi({ unready: true });
    await api.ready(90_000);
  },
);
const browser = useBrowser();

async function openFleet(query = ''): Promise<Page> {
  const page = await browser.open(`${api.url}/status${query}`);
  await page.getByText('Live', { exact: true }).waitFor();
  return page;
}

describe('ten thousand namespaces', () => {
  test('only what is seen is in the document, however far it is scrolled', async () => {
    const page = await openFleet('?sort=namespace');
    await page.getByRole('heading', { name: '10,000 namespaces' }).waitFor();
    for (const y of [50_000, 200_000, 449_000]) {
      await page.evaluate((to) => window.scrollTo(0, to), y);
      await until(
        async () => (await page.locator('tr[data-namespace]').count()) > 5,
        `there are rows at ${y}`,
      );
      expect(await page.locator('tr[data-namespace]').count()).toBeLessThan(120);
    }
    await page.keyboard.press('End');
    await page.locator('tr[data-namespace="team-10000"]').waitFor();
    const table = page.getByRole('table', { name: 'Namespaces' });
    expect(await table.getAttribute('aria-rowcount')).toBe(String(NAMESPACES + 1));
  });

  test('a change of one in ten thousand is seen within a second', async () => {
    const page = await openFleet('?q=team-0004');
    const took = await quickestOf(4, 1_000, async (index) => {
      const namespace = `team-0004${index}`;
      const line = page.locator(`tr[data-namespace="${namespace}"]`);
      await line.getByText('OK', { exact: true }).waitFor();
      await world.kube.request({
        method: 'PATCH',
        patchType: 'merge',
        path: pathOf(APPLICATIONS, { namespace, name: FDD }),
        body: { spec: { image: 'fiaas/fiaas-deploy-daemon:by-hand' } },
      });
      const changed = Date.now();
      await line.getByText('Version mismatch').waitFor();
      return Date.now() - changed;
    });

    expect(took).toBeLessThan(1_000);
  });

  test('one in ten thousand is found by its name', async () => {
    const page = await openFleet();
    await page.getByRole('searchbox').fill('team-07345');

    await page.getByText('1 of 10,000').waitFor();
    expect(await page.locator('tr[data-namespace]').getAttribute('data-namespace')).toBe('team-07345');
  });

  test('the document that the server sends stays small', async () => {
    const response = await fetch(`${api.url}/status`);
    const html = await response.text();

    expect(html.length).toBeLessThan(400_000);
    expect(html).toContain('10,000 namespaces');
  });

  test('a deploy of everything counts before it asks', async () => {
    const page = await openFleet();
    await page.getByRole('button', { name: 'Deploy all 10,000…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('What will happen').waitFor({ timeout: 60_000 });

    const counts = await dialog.locator('.plan-count').allInnerTexts();
    const total = counts
      .map((text) => Number(text.replaceAll(',', '')))
      .reduce((sum, count) => sum + count, 0);
    expect(total).toBe(NAMESPACES);
    await page.getByRole('button', { name: 'Cancel' }).click();
  });
});
