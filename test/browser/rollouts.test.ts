import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { type Gate, type GateRequest, isApplicationWrite } from '../support/gate.ts';
import { NEW, OLD, OLDEST } from '../support/published.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Rollout } from '../support/world-requests.ts';
import { accessibilityProblems, useBrowser } from './support/browser.ts';

/** The pages of rollouts: a bad release is stopped by its canary, taken back from the page, and replaced by a good one. */
const POLICY = `release: {type: Progressive, canary: 1, waves: [50%, 100%], minSuccessTime: 2s, maxConcurrency: 4}
api: {type: All}
`;
const FIRST = OLDEST;
const BAD = OLD;
const GOOD = NEW;
const WIDTHS = [360, 768, 1280];

let skipper: SkipperProcess;
/** Holds deploys until the page has shown what it shows only while they run. */
let gate: Gate;
let names: readonly string[] = [];
const world = useWorld({ processes: true }, async (opened) => {
  opened.channel.publish('stable', FIRST);
  const policy = await writeInto(opened, 'policy.yaml', POLICY);
  gate = await opened.openGate();
  skipper = await opened.startStandalone({
    gate,
    flags: { 'rollout-policy': policy, 'disable-autoupdate': false, 'release-check-interval': 1 },
  });
  names = await opened.addNamespaces('team', 8);
  await until(async () => (await versions()).every((version) => version === FIRST), 'all run the release');
  await until(async () => (await rollouts()).every(({ state }) => state === 'completed'), 'nothing is left');
});
const browser = useBrowser();

async function rollouts(): Promise<readonly Rollout[]> {
  return (await world.http('/api/rollouts')).body.rollouts;
}

async function versions(): Promise<string[]> {
  const applications = await Promise.all(names.map((name) => world.application(name)));
  return applications.map((application) => application?.spec.image.split(':').at(-1));
}

/** The latest rollout of this version. */
async function rolloutOf(version: string): Promise<Rollout> {
  return until(
    async () =>
      (await rollouts()).find(({ releases }) =>
        (releases as readonly { version: string }[]).some((release) => release.version === version),
      ),
    `there is a rollout of ${version}`,
  );
}

function writesTo(namespaces: readonly string[]): (request: GateRequest) => boolean {
  return (request) => namespaces.some((name) => isApplicationWrite(name)(request));
}

function fitsItsWindow(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    return scrollWidth <= clientWidth;
  });
}

async function give(page: Page, button: string, reason: string): Promise<void> {
  await page.getByRole('button', { name: `${button}…` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Reason' }).fill(reason);
  await dialog.getByRole('button', { name: button, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

describe('a bad release', () => {
  let path = '';

  test('fails in its canary, and the page shows the pause with its reason while it happens', async () => {
    for (const name of names) world.fdds.misbehaviour.set(name, { kind: 'crash-loop' }, { version: BAD });
    const deploys = gate.hold(writesTo(names));
    world.channel.publish('stable', BAD);
    path = `/rollouts/${(await rolloutOf(BAD)).id}`;
    const page = await browser.open(skipper.url + path);

    await page.getByText('In progress', { exact: true }).waitFor();
    deploys.release();
    await page.getByRole('img', { name: 'Wave 1 of 3, canary: 1 failed' }).waitFor();
    await page.getByText('Paused', { exact: true }).first().waitFor();

    const why = page.getByRole('region', { name: 'Why it is in this state' });
    await why.getByText(/^1 target of the canary failed: .*CrashLoopBackOff/).waitFor();
    await page.getByText('8 namespaces: 1 failed · 7 waiting').waitFor();
    await page.getByText('Paused by Skipper').waitFor();
    expect((await versions()).filter((version) => version === BAD)).toHaveLength(1);
  });

  test('is on the fleet page with the reason, and its panel links to the rollout', async () => {
    const page = await browser.open(`${skipper.url}/status`);
    await page.getByText(/1 target of the canary failed/).waitFor();
    await page.getByRole('link', { name: 'Show paused rollouts' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', { name: 'Paused', exact: true }).click();

    await page.getByRole('heading', { name: BAD }).waitFor();
    expect(new URL(page.url()).pathname).toBe(path);
  });

  test('is on the page of a namespace that waits for it, with a link', async () => {
    const rollout = await world.rollout(path.split('/').at(-1) ?? '');
    const waiting = rollout.targets.find(({ state }) => state === 'pending')?.namespace;
    const page = await browser.open(`${skipper.url}/status/${waiting}`);
    await page.getByText('What holds it, in order').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', { name: 'Show the rollout' }).first().click();

    await page.getByRole('heading', { name: BAD }).waitFor();
    expect(new URL(page.url()).pathname).toBe(path);
  });

  test('can be read without scripts: list, waves, failures, decisions and targets', async () => {
    const page = await browser.open(`${skipper.url}/rollouts?state=paused`, { javaScriptEnabled: false });
    expect(await page.locator('.rollout-entry').count()).toBe(1);
    await page.getByRole('link', { name: BAD }).click();
    await page.waitForURL(skipper.url + path);

    await page.getByRole('img', { name: 'Wave 1 of 3, canary: 1 failed' }).waitFor();
    await page.getByRole('heading', { name: 'Failures by cause' }).waitFor();
    await page.getByText('Paused by Skipper').waitFor();
    expect(await page.locator('.targets tbody tr').count()).toBe(8);
    await page.getByRole('button', { name: 'Resume…' }).waitFor({ state: 'hidden' });
    await page.locator('.failed-names a').click();
    await page.getByRole('heading', { name: /^team-\d$/ }).waitFor();
  });

  test.each(WIDTHS)('has no accessibility problem and fits at %d pixels', async (width) => {
    for (const each of ['/rollouts', path]) {
      const page = await browser.open(skipper.url + each, { viewport: { width, height: 800 } });
      await page.getByText('Live', { exact: true }).waitFor();

      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await fitsItsWindow(page)).toBe(true);
    }
  });

  test.each([360, 1280])('has dialogs that say what they will do, at %d pixels', async (width) => {
    const page = await browser.open(skipper.url + path, { viewport: { width, height: 800 } });
    await page.getByText('Live', { exact: true }).waitFor();
    for (const [button, words] of [
      ['Resume…', 'The rollout continues where it stopped: 7 namespaces wait.'],
      ['Retry failed…', '1 namespace is deployed again, with the same release.'],
      ['Skip targets…', 'The namespaces that you name get nothing from this rollout'],
      ['Roll back…', 'A new rollout returns 1 namespace to the release that was verified there before.'],
      ['Cancel rollout…', '7 namespaces that have not begun get nothing from this rollout.'],
    ] as const) {
      await page.getByRole('button', { name: button }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText(words).waitFor();
      expect(await dialog.locator('button[type=submit]').isEnabled()).toBe(false);
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await fitsItsWindow(page)).toBe(true);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    }
  });

  test('a command that does not fit any more is refused with the state', async () => {
    browser.expectComplaints(/409/);
    const page = await browser.open(skipper.url + path);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.route('**/resume', (route) =>
      route.continue({
        url: route
          .request()
          .url()
          .replace(/resume$/, 'pause'),
      }),
    );
    await page.getByRole('button', { name: 'Resume…' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('to be refused');
    await page.getByRole('dialog').getByRole('button', { name: 'Resume', exact: true }).click();

    await page.getByRole('alert').getByText('cannot pause a rollout that is paused').waitFor();
  });

  test('skips a checked target, and says so in the timeline', async () => {
    const page = await browser.open(skipper.url + path);
    await page.getByText('Live', { exact: true }).waitFor();
    const waiting = page.locator('.targets tr', { hasText: 'Waiting' }).first();
    const name = await waiting.getByRole('link').innerText();
    await waiting.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Skip targets…' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('textbox', { name: 'Namespaces' }).inputValue()).toBe(name);
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('its owners are on leave');
    await dialog.getByRole('button', { name: 'Skip targets: 1 namespace' }).click();

    await page.getByText('skipped: 1 target').waitFor();
    await page.getByText('its owners are on leave').first().waitFor();
    await page.getByText('8 namespaces: 1 failed · 1 cancelled · 6 waiting').waitFor();
  });

  test('is rolled back from its page, and its namespace is held', async () => {
    const page = await browser.open(skipper.url + path);
    await page.getByText('Live', { exact: true }).waitFor();
    await give(page, 'Roll back', 'it crash-loops');
    await page.getByRole('link', { name: 'Show the rollback' }).click();

    await page.getByRole('heading', { name: FIRST }).waitFor();
    await page.getByText('it crash-loops').first().waitFor();
    await page.getByText('Completed', { exact: true }).first().waitFor();
    expect(await versions()).toEqual(names.map(() => FIRST));
    const { holds } = (await world.http('/api/holds')).body;
    expect(holds).toHaveLength(1);
    await page.getByRole('link', { name: path.split('/').at(-1) ?? '' }).click();
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
    await page.getByText(/^Rolled back by /).waitFor();
  });
});

describe('a good release', () => {
  test('goes through its waves on the page', async () => {
    const all = gate.hold(writesTo(names));
    world.channel.publish('stable', GOOD);
    const { id } = await rolloutOf(GOOD);
    const { targets } = await world.rollout(id);
    const waves = [0, 1, 2].map((wave) =>
      gate.hold(writesTo(targets.filter((each) => each.wave === wave).map(({ namespace }) => namespace))),
    );
    all.release();
    const page = await browser.open(`${skipper.url}/rollouts/${id}`);

    for (const [index, deploys] of waves.entries()) {
      await page.locator('.wave.now', { hasText: `Wave ${index + 1} of 3` }).waitFor();
      deploys.release();
    }
    await page.getByText('Completed', { exact: true }).first().waitFor();

    expect((await versions()).filter((version) => version === GOOD)).toHaveLength(names.length - 1);
    expect(await page.locator('.namespace-actions button').allInnerTexts()).toEqual(['Roll back…']);
  });

  test('is found by its state, its trigger and who asked, and the address keeps the filters', async () => {
    const page = await browser.open(`${skipper.url}/rollouts`);
    await page.getByRole('combobox', { name: 'State' }).selectOption('completed');
    await page.waitForURL(/state=completed/);
    await page.getByRole('combobox', { name: 'Begun by' }).selectOption('release');
    await page.waitForURL(/state=completed&trigger=release/);
    await page.getByRole('link', { name: GOOD }).waitFor();
    await page.getByRole('searchbox', { name: 'Requested by' }).fill('nobody');
    await page.getByRole('button', { name: 'Apply' }).click();

    await page.getByText('No rollouts match.').waitFor();
    expect(await page.getByRole('combobox', { name: 'State' }).inputValue()).toBe('completed');
  });
});

describe('a rollout that soaks', () => {
  test('shows until when, and what waits for it', async () => {
    const strategy = { type: 'Progressive', canary: 1, waves: ['100%'], minSuccessTime: '1h' };
    const body = { namespaces: names, strategy, reason: 'to be patient' };
    const { id } = (await world.http('/api/rollouts', { method: 'POST', body })).body;
    const page = await browser.open(`${skipper.url}/rollouts/${id}`);
    const soaking = page.locator('.wave.now', { hasText: 'soaks, ends' });

    await soaking.filter({ hasText: 'Wave 1 of 2' }).waitFor();
    await page.getByText('8 namespaces: 1 done · 7 waiting').waitFor();
    await give(page, 'Cancel rollout', 'seen enough');
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
  });
});

describe('a rollout that needs approvals', () => {
  test('is approved, paused, resumed and cancelled from its page', async () => {
    const strategy = {
      type: 'Progressive',
      canary: 1,
      waves: ['50%', '100%'],
      minSuccessTime: '1s',
      approval: true,
    };
    const body = { namespaces: names, strategy, reason: 'a new node pool' };
    const { id } = (await world.http('/api/rollouts', { method: 'POST', body })).body;
    const page = await browser.open(`${skipper.url}/rollouts/${id}`);
    await page.getByText('a new node pool').first().waitFor();
    const waiting = page.locator('.wave.now', { hasText: 'waits for an approval' });

    await waiting.filter({ hasText: 'Wave 2 of 3' }).waitFor();
    await page.getByRole('button', { name: 'Approve…' }).click();
    await page.getByRole('dialog').getByText('Wave 2 of 3 begins: 3 namespaces.').waitFor();
    await page.keyboard.press('Escape');
    await give(page, 'Approve', 'the canary is fine');
    await waiting.filter({ hasText: 'Wave 3 of 3' }).waitFor();
    await give(page, 'Pause', 'lunch');
    await page.getByRole('button', { name: 'Resume…' }).waitFor();
    await page.getByText(/^Paused by 127.0.0.1: lunch$/).waitFor();
    await give(page, 'Resume', 'after lunch');
    await page.getByRole('button', { name: 'Pause…' }).waitFor();
    await give(page, 'Cancel rollout', 'not needed');
    await page.getByText('Cancelled', { exact: true }).first().waitFor();

    await page.getByText('8 namespaces: 4 done · 4 cancelled').waitFor();
    const said = await page.locator('.timeline').innerText();
    for (const reason of ['the canary is fine', 'lunch', 'after lunch', 'not needed'])
      expect(said).toContain(reason);
  });

  test('retries what has failed, with the same release', async () => {
    const [name = ''] = names;
    world.fdds.misbehaviour.set(name, { kind: 'failed', lines: ['exceeded quota: pods'] });
    const body = {
      namespaces: [name],
      strategy: { type: 'All' },
      reason: 'a restart',
      force_bootstrap: true,
    };
    const { id } = (await world.http('/api/rollouts', { method: 'POST', body })).body;
    const page = await browser.open(`${skipper.url}/rollouts/${id}`);
    await page.locator('.namespace-title').getByText('Failed', { exact: true }).waitFor();
    world.fdds.misbehaviour.clear(name);
    await give(page, 'Retry failed', 'the quota is larger now');

    await page.getByText('Completed', { exact: true }).first().waitFor();
    await page.getByText(/^Failed targets retried by /).waitFor();
  });
});

describe('what operators hold back', () => {
  test('is listed with the rollouts, and ended there', async () => {
    const [name = ''] = names;
    const body = { reason: 'an audit' };
    await world.http(`/api/namespaces/${name}/hold`, { method: 'POST', body });
    const page = await browser.open(`${skipper.url}/rollouts`);
    const panel = page.getByRole('region', { name: 'Held back by operators' });
    await panel.getByText(`${name} is held`).waitFor();
    await panel.getByText('an audit').waitFor();

    await panel.getByRole('button', { name: 'Ignore a version…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('No release check rolls this version out').waitFor();
    await dialog.getByRole('textbox', { name: 'Version' }).fill('v-bad');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('crash-loops');
    await dialog.getByRole('button', { name: 'Ignore', exact: true }).click();
    const ignored = panel.getByRole('listitem').filter({ hasText: 'v-bad is ignored' });
    await ignored.getByText('crash-loops').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);

    await ignored.getByRole('button', { name: 'Stop ignoring…' }).click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('it is fixed');
    await dialog.getByRole('button', { name: 'Stop ignoring', exact: true }).click();
    await ignored.waitFor({ state: 'detached' });
    const held = panel.getByRole('listitem').filter({ hasText: `${name} is held` });
    await held.getByRole('button', { name: 'Release…' }).click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('the audit is over');
    await dialog.getByRole('button', { name: 'Release', exact: true }).click();
    await held.waitFor({ state: 'detached' });
  });
});

describe('a rollout that is not stored', () => {
  test('has a page that says so', async () => {
    browser.expectComplaints(/404/);
    const page = await browser.open(`${skipper.url}/rollouts/nothing`);

    await page.getByRole('heading', { name: 'This rollout is not known' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });
});
