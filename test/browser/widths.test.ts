import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { accessibilityProblems, useBrowser } from './support/browser.ts';

const WIDTHS = [
  320, 360, 390, 480, 560, 640, 700, 701, 740, 800, 860, 900, 901, 940, 960, 961, 1000, 1100,
].concat([1240, 1241, 1280, 1440, 1680, 1920]);

let api: SkipperProcess;
useWorld({ processes: true }, async (opened) => {
  await opened.addNamespace('alpha', { fdd: NEW });
  await opened.addNamespace('a-namespace-with-quite-a-long-name-of-its-own', { fdd: OLD });
  await opened.addNamespace('broken', { data: { tag: 'stable', 'cluster_config.yaml': 'a: [1' } });
  api = await opened.startApi();
});
const browser = useBrowser();

/** What exceeds the window: the page as a whole, and all controls. */
function overflows(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    const controls = [...document.querySelectorAll<HTMLElement>('button, a, input, select, summary')];
    const outside = controls.filter((control) => {
      if (!control.checkVisibility() || control.closest('.visually-hidden, .skip-link, pre, .toasts'))
        return false;
      const { left, right, width } = control.getBoundingClientRect();
      return width > 0 && (left < -0.5 || right > clientWidth + 0.5);
    });
    return [
      ...(scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide`] : []),
      ...outside.map((control) => `${control.tagName} ${control.ariaLabel ?? control.innerText}`),
    ];
  });
}

async function sweep(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    found.push(...(await overflows(page)).map((what) => `${width}: ${what}`));
  }
  return found;
}

/** Wider than any fallback font of a system. */
const WIDE_FONT = '* { letter-spacing: 0.07em }';

describe.each(['/status', '/status?q=a&health=outdated', '/status?group=cause', '/status/alpha'])(
  '%s',
  (path) => {
    test('fits every width, even with a wide font', async () => {
      const page = await browser.open(`${api.url}${path}`);
      await page.getByText('Live', { exact: true }).waitFor();

      expect(await sweep(page)).toEqual([]);
      await page.addStyleTag({ content: WIDE_FONT });
      expect(await sweep(page)).toEqual([]);
    });
  },
);

describe('the deploy dialog', () => {
  test('fits every width, and shows the old and the new version', async () => {
    const page = await browser.open(`${api.url}/status`);
    await page.getByRole('button', { name: 'Deploy a-namespace-with-quite-a-long-name-of-its-own' }).click();
    await page.getByText(`${OLD} → ${NEW}`).waitFor();

    expect(await page.locator('dialog button[type=submit]').innerText()).toBe('Update 1');
    expect(await sweep(page)).toEqual([]);
  });
});

describe('an address that does not exist', () => {
  test('shows a readable error page', async () => {
    browser.expectComplaints(/404/);
    const page = await browser.open(`${api.url}/nothing`);

    await page.getByRole('heading', { name: 'This page does not exist' }).waitFor();
    expect(await sweep(page)).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
  });
});

describe('a search that finds nothing', () => {
  test('has no accessibility problem, and links back', async () => {
    const page = await browser.open(`${api.url}/status?q=nothing-at-all`);
    await page.getByRole('heading', { name: 'No namespaces match' }).waitFor();

    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', { name: 'Clear the filters' }).click();
    await page.getByRole('link', { name: 'alpha' }).waitFor();
  });
});
