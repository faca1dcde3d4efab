import { expect, test } from '@jest/globals';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { NEW } from '../support/published.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { accessibilityProblems, useBrowser } from './support/browser.ts';

const LONG = 'a-namespace-with-quite-a-long-name-of-its-own';
let api: SkipperProcess;
const world = useWorld({}, async (opened) => {
  await opened.addNamespace('alpha', { fdd: NEW });
  await opened.addNamespace(LONG, { fdd: NEW });
  api = await opened.startApi();
  for (const [name, reason] of [
    ['alpha', 'freeze'],
    [LONG, `see https://example.com/${'x'.repeat(200)}`],
  ])
    await opened.http(`/api/namespaces/${name}/hold`, { method: 'POST', body: { reason } });
  await opened.deploy({ namespaces: ['alpha'] });
});
const browser = useBrowser();

test.each([320, 360, 600, 601, 800, 1400])('the audit page fits %i px, light and dark', async (width) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.open(`${api.url}/audit`, { viewport: { width, height: 800 }, colorScheme });
    await page.getByRole('heading', { name: 'Namespace held' }).first().waitFor();

    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await accessibilityProblems(page)).toEqual([]);
  }
});

test('the audit page filters and links without scripts', async () => {
  const page = await browser.open(`${api.url}/audit`, { javaScriptEnabled: false });
  await page.getByRole('combobox', { name: 'What' }).selectOption('namespace');
  await page.getByRole('searchbox', { name: 'Namespace' }).fill('alpha');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/namespace=alpha/);

  expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(['Namespace held']);
  expect(await page.getByRole('combobox', { name: 'What' }).inputValue()).toBe('namespace');
  await page.getByRole('link', { name: 'alpha', exact: true }).click();
  await page.waitForURL(`${api.url}/status/alpha`);
});

test('a choice is applied at once with scripts, and cleared by a link', async () => {
  const page = await browser.open(`${api.url}/audit`);
  await page.getByRole('combobox', { name: 'What' }).selectOption('rollout.requested');
  await page.waitForURL(/kind=rollout\.requested/);
  expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(['Rollout requested']);

  await page.getByRole('link', { name: 'Clear filters' }).click();
  await page.getByRole('heading', { name: 'Namespace held' }).first().waitFor();
});

test('the audit page needs the token, as the password of any user', async () => {
  browser.expectComplaints(/401/);
  const file = await writeInto(world, 'token', 'a-secret');
  const guarded = await world.startApi({ flags: { 'auth-token-file': file } });
  const refused = await fetch(`${guarded.url}/audit`);
  expect(refused.status).toBe(401);

  const httpCredentials = { username: 'anyone', password: 'a-secret' };
  const page = await browser.open(`${guarded.url}/audit`, { httpCredentials });
  await page.getByRole('heading', { name: 'Namespace held' }).first().waitFor();
  await guarded.stop();
});
