import { expect, test } from '@jest/globals';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { NEW } from '../support/published.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { accessibilityProblems, useBrowser } from './support/browser.ts';

let api: SkipperProcess;
useWorld({}, async (opened) => {
  await opened.addNamespace('alpha', { fdd: NEW });
  const file = await writeInto(opened, 'token', 'a-secret');
  api = await opened.startApi({ flags: { 'auth-token-file': file } });
});
const browser = useBrowser();

test('the page of a namespace asks for the token, and shows the objects with it, also after a reload', async () => {
  browser.expectComplaints(/401/);
  const page = await browser.open(`${api.url}/status/alpha`);
  await page.getByText('Live', { exact: true }).waitFor();
  const prompt = page.getByRole('heading', { name: 'Logs and objects require the token' });
  await prompt.waitFor();
  expect(await page.getByText('Shown only with the API’s token.').count()).toBeGreaterThan(1);
  expect(await accessibilityProblems(page)).toEqual([]);

  await page.getByRole('textbox', { name: 'Token' }).fill('wrong');
  await page.getByRole('button', { name: 'Use token' }).click();
  await page.getByText('The token was rejected. Enter another one.').waitFor();

  await page.getByRole('textbox', { name: 'Token' }).fill('a-secret');
  await page.getByRole('button', { name: 'Use token' }).click();
  await prompt.waitFor({ state: 'detached' });
  await page.getByText('ConfigMap', { exact: true }).waitFor();

  await page.reload();
  await page.getByText('ConfigMap', { exact: true }).waitFor();
  expect(await prompt.count()).toBe(0);
});
