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

test('a hold asks for the token and keeps its reason, is shown with it, and is released from the page', async () => {
  browser.expectComplaints(/401/);
  const page = await browser.open(`${api.url}/status/alpha`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Hold…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('New releases are not rolled out to alpha automatically').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  const submit = dialog.getByRole('button', { name: 'Hold', exact: true });
  expect(await submit.isEnabled()).toBe(false);

  await dialog.getByRole('textbox', { name: 'Reason' }).fill('a migration');
  await submit.click();
  await dialog.getByText('The API requires a token for changes.').waitFor();
  await dialog.getByRole('textbox', { name: 'Token' }).fill('a-secret');
  await dialog.getByRole('button', { name: 'Use token' }).click();
  expect(await dialog.getByRole('textbox', { name: 'Reason' }).inputValue()).toBe('a migration');
  await submit.click();
  await dialog.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByText('Held', { exact: true }).waitFor();
  await page.getByText('a migration').first().waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);

  await page.getByRole('button', { name: 'Release the hold…' }).click();
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('the migration is done');
  await dialog.getByRole('button', { name: 'Release the hold', exact: true }).click();
  await page.getByText('Held', { exact: true }).waitFor({ state: 'detached' });
});
