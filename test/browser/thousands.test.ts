import { describe, expect, test } from '@jest/globals';
import pMap from 'p-map';
import type { Page } from 'playwright-core';
import { APPLICATIONS, pathOf } from '../../shared/kubernetes/resources.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { isLong } from '../support/is-long.ts';
import { FDD, OLD } from '../support/published.ts';
import { quickestOf } from '../support/quickest.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { useBrowser } from './support/browser.ts';

/** A thousand namespaces, ten thousand in `npm run test:long`: the page stays fast. */
const NAMESPACES = isLong ? 10_000 : 1_000;
const COUNT = NAMESPACES.toLocaleString('en');
/** Height of a row in pixels. */
const ROW_HEIGHT = 45;

const nameOf = (number: number) => `team-${String(number).padStart(5, '0')}`;

let api: SkipperProcess;
const world = useWorld(
  { processes: true, fdds: 'instant', cluster: { auditLimit: 0 }, openTimeoutMs: 300_000 },
  async (opened) => {
    const names = Array.from({ length: NAMESPACES }, (_, index) => nameOf(index + 1));
    await pMap(names, (name) => opened.addNamespace(name, { fdd: OLD }), { concurrency: 32 });
    api = await opened.startApi({ unready: true });
    await api.ready();
  },
);
const browser = useBrowser();

async function openFleet(query = ''): Promise<Page> {
  const page = await browser.open(`${api.url}/status${query}`);
  await page.getByText('Live', { exact: true }).waitFor();
  return page;
}

describe(`${COUNT} namespaces`, () => {
  test('only visible rows are in the document, however far it is scrolled', async () => {
    const page = await openFleet('?sort=namespace');
    await page.getByRole('heading', { name: `${COUNT} namespaces` }).waitFor();
    for (const part of [0.1, 0.4, 0.99]) {
      const y = part * NAMESPACES * ROW_HEIGHT;
      await page.evaluate((to) => window.scrollTo(0, to), y);
      await until(
        async () => (await page.locator('tr[data-namespace]').count()) > 5,
        `there are rows at ${y}`,
      );
      expect(await page.locator('tr[data-namespace]').count()).toBeLessThan(120);
    }
    await page.keyboard.press('End');
    await page.locator(`tr[data-namespace="${nameOf(NAMESPACES)}"]`).waitFor();
    const table = page.getByRole('table', { name: 'Namespaces' });
    expect(await table.getAttribute('aria-rowcount')).toBe(String(NAMESPACES + 1));
  });

  test('a change of one namespace is visible within a second', async () => {
    const page = await openFleet('?q=team-0004');
    const took = await quickestOf(10, 1_000, async (index) => {
      const namespace = `team-0004${index}`;
      const line = page.locator(`tr[data-namespace="${namespace}"]`);
      await line.getByText('FDD is OK').waitFor();
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

  test('a namespace is found by its name', async () => {
    const page = await openFleet();
    await page.getByRole('searchbox').fill(nameOf(734));

    await page.getByText(`1 of ${COUNT}`).waitFor();
    expect(await page.locator('tr[data-namespace]').getAttribute('data-namespace')).toBe(nameOf(734));
  });

  test('the document that the server sends stays small', async () => {
    const response = await fetch(`${api.url}/status`);
    const html = await response.text();

    expect(html.length).toBeLessThan(400_000);
    expect(html).toContain(`${COUNT} namespaces`);
  });

  test('a deploy of everything shows counts before it asks for confirmation', async () => {
    const page = await openFleet();
    await page.getByRole('button', { name: `Deploy all ${COUNT}…` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('What will happen').waitFor();

    const counts = await dialog.locator('.plan-count').allInnerTexts();
    const total = counts
      .map((text) => Number(text.replaceAll(',', '')))
      .reduce((sum, count) => sum + count, 0);
    expect(total).toBe(NAMESPACES);
    await page.getByRole('button', { name: 'Cancel' }).click();
  });
});
