import { expect, test } from '@jest/globals';
import { showStatus } from '../../cli/status/status-command.ts';
import { createApiClient } from '../../client/api-client.ts';
import { describeNotice, type Notice } from '../../domain/fleet/notices.ts';
import { makeIo } from '../support/fake-io.ts';
import { OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({}, async (opened) => {
  await opened.addNamespace('team-a', { fdd: OLD });
  await opened.startApi();
});

async function noticesOf(): Promise<readonly Notice[]> {
  return (await world.http('/api/fleet')).body.summary.notices;
}

async function shown(codes: readonly string[]): Promise<readonly Notice[]> {
  return until(async () => {
    const notices = await noticesOf();
    return JSON.stringify(notices.map(({ code }) => code)) === JSON.stringify(codes) && notices;
  }, `notices: ${codes}`);
}

/** The notices as the API of the namespace, both pages and the command line show them. */
async function everywhere(): Promise<string[][]> {
  const [api] = world.running();
  const namespace = (await world.http('/api/namespaces/team-a')).body;
  const pages = await Promise.all(['/status', '/status/team-a'].map((path) => world.http(path)));
  const io = makeIo({ isInteractive: true, columns: 1000 });
  const filter = { namespaces: [], status: [], health: [], channel: [], search: '' };
  await showStatus(createApiClient({ server: api?.url ?? '' }), filter, 'table', io);
  return [
    namespace.notices.map(describeNotice),
    ...pages.map(({ text }) => linesOf(text)),
    io.written().trim().split('\n').slice(-namespace.notices.length),
  ];
}

/** Why the namespace is in its state, once its row shows that it is queued. */
async function whyItWaits() {
  return until(async () => {
    const { row, why } = (await world.http('/api/namespaces/team-a')).body;
    return row.activity === 'queued' && why;
  }, 'it is queued');
}

function linesOf(html: string): string[] {
  const lines = [...html.matchAll(/<p class="notice[^>]*>(.*?)<\/p>/gs)].map(([, line = '']) => line);
  return lines.map((line) =>
    line
      .replace(/<svg.*?<\/svg>/gs, '')
      .replace(/<[^>]*>/g, '')
      .replaceAll('&quot;', '"')
      .trim(),
  );
}

test('what stops deploys is shown in the same words everywhere, and by a namespace that waits', async () => {
  const alone = await shown(['no_worker']);
  const aloneEverywhere = await everywhere();
  const { id } = await world.deploy({ namespaces: ['team-a'] });
  const waiting = await whyItWaits();

  await world.queue.pause();
  const worker = await world.startWorker({ flags: { 'disable-autoupdate': true } });
  const paused = await shown(['deploys_paused', 'auto_update_off']);
  const pausedEverywhere = await everywhere();
  const held = await whyItWaits();
  await world.queue.resume();
  await world.rolloutFinished(id);
  const afterwards = await shown(['auto_update_off']);
  await worker.stop();

  expect(aloneEverywhere).toEqual(Array(4).fill(alone.map(describeNotice)));
  expect(waiting).toMatchObject({ headline: alone[0]?.message, remedy: [alone[0]?.remedy] });
  expect(pausedEverywhere).toEqual(Array(4).fill(paused.map(describeNotice)));
  expect(held).toMatchObject({ headline: paused[0]?.message, remedy: [paused[0]?.remedy] });
  expect(afterwards[0]?.remedy).toMatch(/--disable-autoupdate/);
});

test('a worker that is suspended does not count as alive, and does when it continues', async () => {
  const worker = await world.startWorker({ process: true, flags: { 'disable-autoupdate': true } });
  await shown(['auto_update_off']);
  const { id } = await world.deploy({ namespaces: ['team-a'] });
  await world.rolloutFinished(id);

  worker.signal('SIGSTOP');
  const queued = await world.deploy({ namespaces: ['team-a'] });
  await until(
    async () => (await noticesOf()).some(({ code }) => code === 'no_worker'),
    'it is reported missing',
  );
  expect((await whyItWaits()).headline).toMatch(/^No worker is alive/);

  worker.signal('SIGCONT');
  await shown(['auto_update_off']);
  await world.rolloutFinished(queued.id);
  await worker.stop();
});
