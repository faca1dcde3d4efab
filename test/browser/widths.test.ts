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
const world = useWorld({ processes: true }, async (opened) => {
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

/** Words that have no room: cut off, or broken in two. */
function crampedWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const words = [...document.querySelectorAll<HTMLElement>('.tile-word, .plan-word')];
    const isCramped = (word: HTMLElement) =>
      word.scrollWidth > word.clientWidth || (word.firstChild ? linesOf(word.firstChild) > 1 : false);
    const linesOf = (text: Node) => {
      const range = document.createRange();
      range.selectNodeContents(text);
      return range.getClientRects().length;
    };
    return words.filter(isCramped).map((word) => `"${word.innerText}" has no room`);
  });
}

async function sweep(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const faults = [...(await overflows(page)), ...(await crampedWords(page))];
    found.push(...faults.map((what) => `${width}: ${what}`));
  }
  return found;
}

/** Wider than any fallback font of a system. */
const WIDE_FONT = '* { letter-spacing: 0.07em }';

describe.each([
  '/status',
  '/status?q=a&health=outdated',
  '/status?group=cause',
  '/status/alpha',
  '/rollouts',
  '/healing',
])('%s', (path) => {
  test('fits every width, even with a wide font', async () => {
    const page = await browser.open(`${api.url}${path}`);
    await page.getByText('Live', { exact: true }).waitFor();

    expect(await sweep(page)).toEqual([]);
    await page.addStyleTag({ content: WIDE_FONT });
    expect(await sweep(page)).toEqual([]);
  });
});

describe('the deploy dialog', () => {
  test('fits every width, and shows the old and the new version', async () => {
    const page = await browser.open(`${api.url}/status`);
    await page.getByRole('button', { name: 'Deploy a-namespace-with-quite-a-long-name-of-its-own' }).click();
    await page.getByText(`${OLD} → ${NEW}`).waitFor();

    expect(await page.locator('dialog button[type=submit]').innerText()).toBe('Update 1');
    expect(await sweep(page)).toEqual([]);
  });
});

describe('a toast', () => {
  /** Buttons and fields in the window whose middle is under a toast. */
  const covered = (page: Page) =>
    page.evaluate(() => {
      const toast = document.querySelector('.toast');
      const controls = document.querySelectorAll<HTMLElement>('button, input, select');
      return [...controls].filter((control) => {
        const { left, top, width, height } = control.getBoundingClientRect();
        const above = document.elementFromPoint(left + width / 2, top + height / 2);
        return !toast?.contains(control) && above !== null && toast?.contains(above);
      }).length;
    });

  test('covers no button at any width, wherever the page is scrolled to', async () => {
    await world.addNamespaces('many', 30, { fdd: NEW });
    const page = await browser.open(`${api.url}/status`);
    await page.getByRole('button', { name: 'Deploy many-1', exact: true }).click();
    await page.locator('dialog button[type=submit]').click();
    await page.locator('.toast').waitFor();

    const found: string[] = [];
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width % 2 === 0 ? 800 : 600 });
      for (const offset of [0, 60, 120, 180, 240, 300, 317, 334, 400, 10_000]) {
        await page.evaluate((top) => window.scrollTo(0, top), offset);
        await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
        );
        const count = await covered(page);
        if (count > 0) found.push(`${width} at ${offset}: ${count}`);
      }
    }
    expect(found).toEqual([]);
  });

  test('is in view on a phone, also far down the page', async () => {
    const page = await browser.open(`${api.url}/status`);
    await page.setViewportSize({ width: 360, height: 700 });
    await page.evaluate(() => window.scrollTo(0, 1_500));
    await page
      .getByRole('button', { name: /^Deploy many-/ })
      .last()
      .click();
    await page.locator('dialog button[type=submit]').click();
    await page.locator('.toast').waitFor();

    await page.waitForFunction(() => {
      const { top, bottom } = document.querySelector('.toast')?.getBoundingClientRect() ?? {
        top: -1,
        bottom: 0,
      };
      return top >= 0 && bottom <= window.innerHeight;
    });
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
