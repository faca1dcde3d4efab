import { execFile } from 'node:child_process';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { startNginx } from '../support/nginx.ts';
import { NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { useBrowser } from './support/browser.ts';

/** Pages, board, API, events and commands below a path of a real nginx, which removes the path or passes it on. */
const SKIPPER = fileURLToPath(new URL('../../bin/skipper', import.meta.url));
const TO_SKIPPER = `
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;`;

let origin: string;
const world = useWorld({ processes: true }, async (opened) => {
  for (const name of ['alpha', 'beta']) await opened.addNamespace(name, { fdd: OLD });
  const passing = await opened.startApi({
    flags: { 'trust-proxy': '127.0.0.1', 'base-path': '/ops/passed/' },
  });
  // Last: the world's own requests go to it.
  const removing = await opened.startApi({ flags: { 'trust-proxy': '127.0.0.1' } });
  const nginx = await startNginx(`
    location /removed/ {
      proxy_pass ${removing.url}/;
      proxy_set_header X-Forwarded-Prefix /removed;${TO_SKIPPER}
    }
    location /ops/passed {
      proxy_pass ${passing.url};${TO_SKIPPER}
    }`);
  opened.onClose(nginx.stop);
  origin = nginx.url;
  await opened.startWorker();
});
const browser = useBrowser();

/** From another address than nginx. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, headers, localAddress: '127.0.0.2' };
    request(origin + path, options, resolve)
      .once('error', reject)
      .end();
  });
  const body = await text(answer);
  const isJson = String(answer.headers['content-type']).includes('json');
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: (isJson ? JSON.parse(body) : body) as Raw,
  };
}

/** Every link, form, script, picture and style sheet of a page. */
function addressesOf(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    ['href', 'src', 'action'].flatMap((name) =>
      [...document.querySelectorAll(`[${name}]`)]
        .map((element) => element.getAttribute(name) ?? '')
        .filter((address) => !address.startsWith('#')),
    ),
  );
}

describe.each([
  ['removes the path, and names it in X-Forwarded-Prefix', '/removed'],
  ['passes the path on to --base-path', '/ops/passed'],
])('behind an nginx that %s', (_how, base) => {
  test('pages load with their assets, and every address of theirs works', async () => {
    const page = await browser.open(`${origin}${base}/`);
    const requested: string[] = [];
    page.on('request', (each) => requested.push(new URL(each.url()).pathname));
    expect(new URL(page.url()).pathname).toBe(`${base}/status`);
    await page.getByText('Live', { exact: true }).waitFor();
    const addresses = await addressesOf(page);
    await page.getByRole('link', { name: 'alpha', exact: true }).click();
    await page.waitForURL(`**${base}/status/alpha`);
    await page.getByText('Live', { exact: true }).waitFor();
    addresses.push(...(await addressesOf(page)));

    expect(addresses.length).toBeGreaterThan(15);
    expect(addresses.filter((address) => !address.startsWith(`${base}/`))).toEqual([]);
    expect(requested.filter((path) => !path.startsWith(`${base}/`))).toEqual([]);
    for (const address of new Set(addresses)) {
      expect([address, (await get(address, { accept: 'text/html' })).status]).toEqual([address, 200]);
    }
  });

  test('the fleet page is live, and a deploy from it works', async () => {
    const page = await browser.open(`${origin}${base}/status`);
    await page.getByText('Live', { exact: true }).waitFor();
    const newcomer = page.locator('tr[data-namespace="newcomer"]');
    await world.addNamespace('newcomer', { fdd: OLD });
    await newcomer.getByText(OLD, { exact: true }).waitFor();

    await newcomer.getByRole('button', { name: 'Deploy newcomer' }).click();
    await page.getByRole('dialog').getByText('What will happen').waitFor();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^(Deploy|Update) \d/ })
      .click();
    await newcomer.getByText(NEW, { exact: true }).waitFor();
    const rollout = await page.getByRole('link', { name: 'Show the rollout' }).getAttribute('href');

    expect(rollout).toMatch(new RegExp(`^${base}/rollouts/`));
    expect((await get(rollout ?? '')).status).toBe(200);

    await world.removeNamespace('newcomer');
  });

  test('keys, filters and theme stay below the path', async () => {
    const page = await browser.open(`${origin}${base}/status`);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('searchbox').fill('beta');
    await page.waitForURL(`**${base}/status?q=beta`);
    await page.getByRole('searchbox').blur();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**${base}/status/beta`);
    await page.getByRole('button', { name: /light and dark/ }).click();

    expect(await page.context().cookies()).toEqual([
      expect.objectContaining({ name: 'skipper-theme', path: `${base}/` }),
    ]);
    await page.reload();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  });

  test('an unknown page names its address, and its links work', async () => {
    browser.expectComplaints(/status of 404/);
    const page = await browser.open(`${origin}${base}/nowhere/at/all`);
    await page.getByText(`${base}/nowhere/at/all`).waitFor();
    await page.getByRole('link', { name: 'The fleet' }).click();
    await page.waitForURL(`**${base}/status`);
  });

  test('the board works, with its links and its actions', async () => {
    const failing = `failing${base.replaceAll('/', '-')}`;
    await world.addNamespace(failing, { fdd: OLD });
    world.fdds.misbehaviour.set(failing, { kind: 'failed', lines: ['exceeded quota: pods'] });
    await world.deployed(failing);
    const page = await browser.open(`${origin}${base}/status`);
    await page.getByRole('link', { name: 'Board' }).click();
    await page.waitForURL(new RegExp(`${base}/queues/?$`));
    await page.goto(`${origin}${base}/queues/queue/fleet?status=failed`);
    await page.getByText('exceeded quota: pods').first().waitFor();
    await page.locator(`a[href="${base}/status/${failing}"]`).first().waitFor();

    world.fdds.misbehaviour.clear(failing);
    await page.getByRole('button', { name: 'Retry all' }).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await until(
      async () => (await get(`${base}/api/namespaces/${failing}`)).body.state === 'completed',
      'the retried deploy is verified',
    );
    await page.getByRole('link', { name: 'Fleet page' }).click();
    await page.waitForURL(`**${base}/status`);
    const readOnly = await browser.open(`${origin}${base}/view/queues/queue/fleet?status=completed`);
    await readOnly.locator(`a[href="${base}/status/${failing}"]`).first().waitFor();
  });

  test('the links of the API work, and requests are of the client', async () => {
    const forged = { 'x-forwarded-for': '6.6.6.6' };
    const { status, headers, body } = await get(`${base}/api/deploy`, forged, 'POST');
    const { body: namespace } = await get(`${base}/api/namespaces/alpha`);
    const { body: check } = await get(`${base}/api/releases/check`, {}, 'POST');
    const { body: document } = await get(`${base}/api/openapi.json`);
    const links: string[] = [body, namespace, check, ...body.targets].flatMap((each) =>
      Object.values(each.links),
    );

    expect(status).toBe(202);
    expect(body.requestedBy).toBe('127.0.0.2');
    expect(headers.location).toBe(body.links.self);
    expect(document.servers).toEqual([{ url: base }]);
    for (const link of new Set([...links, `${base}/healthz`, `${base}/readyz`, `${base}/_/metrics`])) {
      expect([link, (await get(link)).status]).toEqual([link, 200]);
      expect(link).toMatch(new RegExp(`^${base}/`));
    }
  });

  test('the commands work with the path in SKIPPER_SERVER', async () => {
    const env = { PATH: process.env.PATH, HOME: world.folder, SKIPPER_SERVER: `${origin}${base}/` };
    const run = promisify(execFile);

    const { stdout: status } = await run(SKIPPER, ['status', '-o', 'json'], { env });
    const { stdout: deploy } = await run(SKIPPER, ['deploy', 'alpha', '--yes', '--wait', '-o', 'json'], {
      env,
    });

    expect(JSON.parse(status)).toBeTruthy();
    expect(status).toContain('"alpha"');
    expect(deploy).toContain(`${base}/api/rollouts/`);
  });
});
