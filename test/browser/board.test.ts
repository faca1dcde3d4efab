import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { accessibilityProblems, useBrowser } from './support/browser.ts';

/** Bull Board as status UI, and the links between it and our pages. */
let api: SkipperProcess;
const world = useWorld({ processes: true }, async (opened) => {
  for (const name of ['fine', 'failing', 'untouched']) await opened.addNamespace(name, { fdd: OLD });
  opened.fdds.misbehaviour.set('failing', { kind: 'failed', lines: ['exceeded quota: pods'] });
  api = await opened.startApi();
  await opened.startWorker();
  for (const name of ['fine', 'failing']) await opened.deployed(name);
});
const browser = useBrowser();

async function open(path: string): Promise<Page> {
  return browser.open(api.url + path);
}

describe('the board', () => {
  test('links to the fleet page, and back', async () => {
    const page = await open('/queues');
    await page.getByRole('link', { name: 'Fleet page' }).click();
    await page.waitForURL(/\/status$/);
    await page.getByRole('link', { name: 'Board' }).click();

    await page.waitForURL(/\/queues\/?$/);
    expect(await page.title()).toContain('Skipper');
  });

  test('has an entry per namespace in the fleet queue, with its cause and a link to its page', async () => {
    const page = await open('/queues/queue/fleet?status=failed');
    await page.getByText('exceeded quota: pods').first().waitFor();
    await page.locator('a[href="/status/failing"]').first().waitFor();

    const completed = await open('/queues/queue/fleet?status=completed');
    await completed.locator('a[href="/status/fine"]').first().waitFor();
  });

  test.each([
    ['/queues/', 'fleet'],
    ['/queues/queue/fleet?status=failed', 'exceeded quota: pods'],
    ['/queues/queue/deploy?status=completed', 'fine on the fleet page'],
    ['/queues/queue/release-check?status=completed', 'release-check'],
    ['/queues/queue/rollouts?status=completed', 'The page of this rollout'],
  ])('has no serious accessibility problem on %s', async (path, text) => {
    const page = await open(path);
    await page.getByText(text).first().waitFor();
    await page.getByRole('button', { name: 'Settings' }).waitFor();

    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('retries an entry as a normal deploy', async () => {
    world.fdds.misbehaviour.clear('failing');
    const page = await open('/queues/queue/fleet?status=failed');
    await page.getByText('exceeded quota: pods').first().waitFor();
    await page.getByRole('button', { name: 'Retry all' }).click();
    await page.getByRole('button', { name: 'Confirm' }).click();

    await until(
      async () => (await world.deployment('failing')).spec.template.spec.containers[0].image.endsWith(NEW),
      'the namespace is deployed',
    );
    await until(async () => {
      const { body } = await world.http('/api/namespaces/failing');
      return body.state === 'completed';
    }, 'the deploy is verified');
  });

  test('can pause the deploy queue, which shows a notice on the fleet page', async () => {
    await world.http('/queues/api/queues/deploy/pause', { method: 'PUT' });
    const page = await open('/status');
    try {
      await page.getByText(/deploy queue is paused/).waitFor();
    } finally {
      await world.http('/queues/api/queues/deploy/resume', { method: 'PUT' });
    }
    await page.getByText(/deploy queue is paused/).waitFor({ state: 'detached' });
  });

  test('explains why it refuses what would break an invariant', async () => {
    browser.expectComplaints(/status of 409|Failed to load resource/);
    const response = await world.http('/queues/api/queues/deploy/obliterate', { method: 'PUT' });

    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.text).toMatch(/deploy|namespace/i);
  });

  test('shows viewers everything, but lets them change nothing', async () => {
    const page = await open('/view/queues/queue/deploy');
    await page.getByText('Read-only', { exact: false }).first().waitFor();

    const response = await world.http('/view/queues/api/queues/deploy/pause', { method: 'PUT' });
    expect(response.status).toBe(405);
  });
});

describe('the page of a namespace', () => {
  test('links to its jobs, whose logs show the run', async () => {
    const page = await open('/status/fine');
    await page.getByRole('heading', { name: 'Timeline of attempts' }).waitFor();
    expect(await page.locator('.timeline').innerText()).toContain(NEW);
    await page.locator('a[href^="/queues/queue/deploy/fine"]').first().click();

    await page.waitForURL(/\/queues\/queue\/deploy\/fine/);
    await page.locator('a[href="/status/fine"]').first().waitFor();
  });

  test('shows the objects as YAML, and what a deploy would do', async () => {
    const page = await open('/status/untouched');
    await page.getByText('A deploy now would').waitFor();
    expect(await page.getByRole('region', { name: 'Wanted and actual' }).innerText()).toMatch(/update/);
    const objects = page.getByRole('region', { name: 'Objects' });
    await objects.getByText('ConfigMap').first().click();

    expect(await objects.innerText()).toContain('cluster_config.yaml');
  });

  test('explains how to add a namespace that is not in the fleet', async () => {
    browser.expectComplaints(/status of 404/);
    const page = await open('/status/nowhere');

    expect(await page.locator('main').innerText()).toMatch(/ConfigMap/);
  });
});
