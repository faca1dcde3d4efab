import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Job, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import { parseNotifyConfig } from '../../domain/notify/notify-config.ts';
import { webhookKey } from '../../shared/notify/standard-webhooks.ts';
import { type NotificationJob, openNotificationQueue } from '../../shared/queues.ts';
import { type DesiredState, openDesiredState } from '../../shared/state/desired-state.ts';
import { dispatchAll, reviewReceivers } from '../../worker/keep-notifications.ts';
import { silentLog } from '../support/builders.ts';
import { type FakeReceiver, startFakeReceiver } from '../support/fake-receiver.ts';
import { OLD } from '../support/published.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const PREFIX = '{skipper}';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const world = useWorld();

function entry(fields: Partial<AuditEntry> & Pick<AuditEntry, 'kind'>): AuditEntry {
  return { at: Date.now(), by: 'skipper', reason: 'because', outcome: 'ok', ...fields };
}

const failing = (namespace: string, cause: string) =>
  entry({ kind: 'namespace.failing', namespaces: [namespace], reason: `${namespace}: ${cause}`, cause });

describe('notifications', () => {
  let receiver: FakeReceiver;
  let redis: Redis;
  let state: DesiredState;
  let queue: Queue<NotificationJob>;

  beforeAll(async () => {
    receiver = await startFakeReceiver();
    redis = new Redis(world.redis.url, { maxRetriesPerRequest: null });
    state = openDesiredState(redis, PREFIX);
    queue = openNotificationQueue({ connection: redis, prefix: PREFIX });
  });
  afterAll(async () => {
    await queue?.close();
    redis?.disconnect();
    await receiver?.close();
  });

  /** A file whose receivers are paths of the fake one, each for one kind of event. */
  async function writeReceivers(
    name: string,
    receivers: readonly string[],
    groupWait = '1s',
  ): Promise<string> {
    return writeInto(
      world,
      name,
      `groupWait: ${groupWait}\nreceivers:\n${receivers.map((each) => `  - ${each}\n`).join('')}`,
    );
  }

  const jobsOf = async (name: string): Promise<Job<NotificationJob>[]> =>
    (await queue.getJobs()).filter(({ data }) => data.receiver === name);
  const isKnown = (name: string) =>
    until(async () => (await state.notifyCursors()).has(name), `${name} has a cursor`);

  test('300 failing namespaces are one signed message, and a receiver that hangs delays no other', async () => {
    const secretFile = await writeInto(world, 'hook-secret', `${SECRET}\n`);
    const urlFile = await writeInto(world, 'slack-url', `${receiver.url}/slack-path-with-a-token\n`);
    const notifications = await writeReceivers('grouped.yaml', [
      `{name: hangs, type: webhook, url: "${receiver.url}/hangs", events: [namespace-failing, rollout-paused]}`,
      `{name: hook, type: webhook, url: "${receiver.url}/hook", secretFile: ${secretFile}}`,
      `{name: chat, type: slack, urlFile: ${urlFile}}`,
    ]);
    receiver.answer('/hangs', 'hang');
    const flags = { notifications, 'public-url': 'https://skipper.example.com', 'environment-label': 'test' };
    await world.withWorker({ flags }, async () => {
      await isKnown('chat');
      // At once: what comes later than `groupWait` is another message.
      const failures = Array.from({ length: 300 }, (_, index) =>
        failing(`team-${index}`, index < 100 ? 'crash-loop' : 'no image'),
      );
      await state.audit([...failures, entry({ kind: 'rollout.paused', rolloutId: 'r1', release: 'v2' })]);
      await until(() => receiver.at('/hook').length >= 2, 'the webhook has both messages');
      await until(() => receiver.at('/slack-path-with-a-token').length >= 2, 'the chat, too');
      await until(() => receiver.at('/hangs').length > 0, 'the other one hangs');
      await sleep(1_500);

      const sent = receiver.at('/hook').map(({ body }) => JSON.parse(body));
      expect(sent.map(({ type }) => type).sort()).toEqual(['namespace-failing', 'rollout-paused']);
      const { data } = sent.find(({ type }) => type === 'namespace-failing');
      expect(data).toMatchObject({
        title: 'FDD fails in 300 namespaces',
        link: 'https://skipper.example.com/status',
        environment: 'test',
        items: [
          { reason: 'no image', count: 200 },
          { reason: 'crash-loop', count: 100 },
        ],
      });
      expect(data.items[0].namespaces).toHaveLength(10);
      for (const { body, headers } of receiver.at('/hook')) {
        expect(webhookKey(SECRET).whyRefused(body, headers as Record<string, string>)).toBeUndefined();
      }
      const chats = receiver.at('/slack-path-with-a-token').map(({ body }) => JSON.parse(body).text);
      expect(chats.join('\n')).toContain(
        '*[test] FDD fails in 300 namespaces*\n• no image: 200 namespaces: ',
      );
      const stored = JSON.stringify(await (await jobsOf('chat')).map((job) => job.toJSON()));
      expect(stored).not.toContain('slack-path-with-a-token');
    });
  });

  test('a receiver that fails gets the same message until it takes it, and 400 is final', async () => {
    const secretFile = await writeInto(world, 'recovers-secret', `${SECRET}\n`);
    const notifications = await writeReceivers('failing.yaml', [
      `{name: recovers, type: webhook, url: "${receiver.url}/recovers", secretFile: ${secretFile}, events: [quarantined]}`,
      `{name: refuses, type: webhook, url: "${receiver.url}/refuses", events: [quarantined]}`,
      `{name: moved, type: webhook, url: "${receiver.url}/moved", events: [quarantined]}`,
      `{name: limits, type: webhook, url: "${receiver.url}/limits", events: [quarantined]}`,
    ]);
    receiver.answer('/recovers', 404, (response) => response.destroy(), 200);
    receiver.answer('/refuses', (response) => response.writeHead(400).end('invalid_payload'));
    receiver.answer('/moved', (response) =>
      response.writeHead(302, { location: `${receiver.url}/elsewhere` }).end(),
    );
    receiver.answer('/limits', (response) => response.writeHead(429, { 'retry-after': '4' }).end(), 200);
    await world.withWorker({ flags: { notifications } }, async () => {
      await isKnown('limits');
      await state.audit([entry({ kind: 'heal.quarantined', namespaces: ['team-a'] })]);
      await until(() => receiver.at('/recovers').length >= 3, 'the third try');
      await until(() => receiver.at('/limits').length >= 2, 'the second try');
      await until(
        async () => (await state.receiverHealth(['recovers'])).get('recovers')?.deliveredAt !== undefined,
        'the delivery is noted',
      );
      await until(async () => {
        const failing = ['refuses', 'moved'];
        const health = await state.receiverHealth(failing);
        return failing.every((name) => health.get(name)?.failed !== undefined);
      }, 'the failures are noted');
    });

    const ids = receiver.at('/recovers').map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    // Each try is signed for its own time: receivers refuse what is older than five minutes.
    for (const { body, headers, at } of receiver.at('/recovers')) {
      expect(webhookKey(SECRET).whyRefused(body, headers as Record<string, string>)).toBeUndefined();
      expect(Math.abs(Number(headers['webhook-timestamp']) - at / 1000)).toBeLessThan(30);
    }
    const times = receiver.at('/recovers').map(({ at }) => at);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_900);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(3_900);
    const [first, second] = receiver.at('/limits');
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(3_900);
    expect(receiver.at('/refuses')).toHaveLength(1);
    expect(receiver.at('/moved').length).toBeGreaterThanOrEqual(1);
    expect(receiver.at('/elsewhere')).toHaveLength(0);
    const [refused] = await jobsOf('refuses');
    expect(refused?.failedReason).toBe('the receiver answered HTTP 400 (invalid_payload)');
    const health = await state.receiverHealth(['refuses', 'moved']);
    expect(health.get('refuses')?.failed?.reason).toBe('the receiver answered HTTP 400 (invalid_payload)');
    expect(health.get('moved')?.failed?.reason).toMatch(/HTTP 302: redirects are not followed/);
  });

  test('a receiver that hangs takes two places, however many messages wait for it', async () => {
    const notifications = await writeReceivers('crowded.yaml', [
      `{name: crowded, type: webhook, url: "${receiver.url}/crowded"}`,
      `{name: prompt, type: webhook, url: "${receiver.url}/prompt"}`,
    ]);
    receiver.answer('/crowded', 'hang');
    const job = (name: string, number: number) => {
      const id = `${name}-${number}`;
      const message = {
        id,
        event: 'quarantined',
        at: 1,
        title: id,
        items: [],
        moreItems: 0,
        path: '/',
      } as const;
      return { name: 'quarantined', data: { receiver: name, message }, opts: { jobId: id } };
    };
    await queue.addBulk(Array.from({ length: 60 }, (_, number) => job('crowded', number)));
    await world.withWorker({ flags: { notifications } }, async () => {
      await until(() => receiver.at('/crowded').length >= 2, 'two are being delivered');
      await queue.addBulk([job('prompt', 1)]);
      await until(() => receiver.at('/prompt').length === 1, 'the other receiver gets its message');
      // Without a limit it would have all twenty places of the worker. After 10 s each, the next two begin.
      expect(receiver.at('/crowded').length).toBeLessThan(10);
    });
    for (const each of await jobsOf('crowded')) await each.remove();
  });

  test('a message that a killed worker was delivering is delivered by another one', async () => {
    const notifications = await writeReceivers('killed.yaml', [
      `{name: killed, type: webhook, url: "${receiver.url}/killed", events: [quarantined]}`,
    ]);
    receiver.answer('/killed', 'hang', 200);
    const flags = { notifications };
    const victim = await world.startWorker({ flags, process: true });
    await isKnown('killed');
    await state.audit([entry({ kind: 'heal.quarantined', namespaces: ['team-a'] })]);
    await until(() => receiver.at('/killed').length === 1, 'the receiver has the message');
    victim.signal('SIGKILL');
    await victim.exited;
    await world.withWorker({ flags }, () =>
      until(
        async () => (await state.receiverHealth(['killed'])).get('killed')?.deliveredAt !== undefined,
        'another worker has delivered it',
      ),
    );

    const ids = receiver.at('/killed').map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test('a test message is answered for each receiver, and never shows a URL', async () => {
    const urlFile = await writeInto(world, 'wrong-url', 'not a URL but a planted secret\n');
    const notifications = await writeReceivers('tested.yaml', [
      `{name: good, type: webhook, url: "${receiver.url}/tested"}`,
      `{name: bad, type: slack, url: "${receiver.url}/services/T000/B000/planted"}`,
      `{name: wrong, type: slack, urlFile: ${urlFile}}`,
      `{name: missing, type: slack, urlFile: /does/not/exist}`,
    ]);
    receiver.answer('/services/T000/B000/planted', (response) => response.writeHead(404).end('no_service'));
    const results = await world.withWorker({ flags: { notifications } }, () =>
      world.withApi({ flags: { notifications } }, async () => {
        const all = await world.http('/api/notifications/test', { method: 'POST' });
        const one = await world.http('/api/notifications/test', {
          method: 'POST',
          body: { receiver: 'good' },
        });
        const none = await world.http('/api/notifications/test', { method: 'POST', body: { receiver: 'x' } });
        const list = await world.http('/api/notifications');
        const board = await world.http('/queues/api/queues?activeQueue=notifications');
        return { all, one, none, list, board };
      }),
    );

    expect(results.all.body.results).toEqual([
      { receiver: 'good', delivered: true },
      { receiver: 'bad', delivered: false, error: 'the receiver answered HTTP 404 (no_service)' },
      {
        receiver: 'wrong',
        delivered: false,
        error: `urlFile ${urlFile} must hold a URL that begins with https:// or http://`,
      },
      {
        receiver: 'missing',
        delivered: false,
        error: expect.stringMatching(/^urlFile cannot be read: ENOENT/),
      },
    ]);
    expect(results.one.body.results).toEqual([{ receiver: 'good', delivered: true }]);
    expect([results.none.status, results.none.body.detail]).toEqual([
      404,
      'receiver "x" does not exist: there are good, bad, wrong, missing',
    ]);
    expect(results.list.body.receivers[0]).toMatchObject({ name: 'good', deliveredAt: expect.any(Number) });
    expect(results.list.body.receivers[1]).toMatchObject({
      failed: { reason: 'the receiver answered HTTP 404 (no_service)' },
    });
    expect(receiver.at('/tested').map(({ body }) => JSON.parse(body).type)).toEqual(['test', 'test']);
    for (const { text } of Object.values(results)) expect(text).not.toContain('planted');
    const { entries } = await state.auditBefore(undefined, 10);
    const entryOfTest = entries.find(({ kind }) => kind === 'notify.tested');
    expect(entryOfTest).toMatchObject({ kind: 'notify.tested', outcome: 'ok', reason: 'good: delivered' });
  });

  test('what Skipper itself writes into the audit log reaches the receiver', async () => {
    const notifications = await writeReceivers('real.yaml', [
      `{name: real, type: webhook, url: "${receiver.url}/real", events: [rollout-started, rollout-completed]}`,
    ]);
    const flags = { notifications, 'public-url': undefined };
    const rollout = await world.withWorker({ flags }, () =>
      world.withApi({ flags }, async () => {
        await isKnown('real');
        await world.addNamespace('real', { fdd: OLD });
        const { id } = await world.deploy({ namespaces: ['real'] });
        await world.rolloutFinished(id);
        await until(() => receiver.at('/real').length >= 2, 'the receiver is notified');
        return id;
      }),
    );

    const sent = receiver.at('/real').map(({ body }) => JSON.parse(body));
    expect(sent.map(({ type }) => type).sort()).toEqual(['rollout-completed', 'rollout-started']);
    for (const { data } of sent) {
      expect(data).toMatchObject({
        link: `/rollouts/${rollout}`,
        items: [{ rolloutId: rollout, namespaces: ['real'], count: 1 }],
      });
    }
  });

  describe('a worker that dies', () => {
    const config = (name: string) => {
      const parsed = parseNotifyConfig(
        `{groupWait: 1ms, receivers: [{name: ${name}, type: slack, urlFile: /x, events: [healing-stopped, healing-resumed]}]}`,
      );
      if (!parsed.ok) throw new Error(parsed.problems.join());
      return { current: () => parsed.content };
    };
    const stopped = (reason: string) => entry({ kind: 'heal.stopped', reason });

    test.each([
      ['before it has queued anything', 'before'],
      ['after it has queued everything', 'after'],
    ])('%s leaves what another one queues, once', async (_when, when) => {
      const receivers = config(`dies-${when}`);
      const parts = { queue, state, receivers, log: silentLog };
      await dispatchAll(parts, new Map());
      await state.audit([stopped('first'), stopped('second')]);
      await sleep(5);
      const dying = {
        addBulk: async (jobs: Parameters<typeof queue.addBulk>[0]) => {
          if (when === 'after') await queue.addBulk(jobs);
          throw new Error('died');
        },
      };
      await expect(dispatchAll({ ...parts, queue: dying }, new Map())).rejects.toThrow('died');
      await state.audit([stopped('third'), entry({ kind: 'heal.resumed' })]);
      await sleep(5);
      for (let pass = 0; pass < 3; pass += 1) {
        await Promise.all([dispatchAll(parts, new Map()), dispatchAll(parts, new Map())]);
      }

      const jobs = await jobsOf(`dies-${when}`);
      const queued = jobs.map(({ data: { message } }) => [
        message.event,
        message.items.map(({ reason }) => reason),
      ]);
      expect(queued.sort()).toEqual([
        ['healing-resumed', ['because']],
        ['healing-stopped', ['first', 'second']],
        ['healing-stopped', ['third']],
      ]);
    });

    test('what thousands of namespaces have in common is one message', async () => {
      const parts = { queue, state, receivers: config('fleet'), log: silentLog };
      const known = new Map();
      await dispatchAll(parts, known);
      await state.audit(Array.from({ length: 3_000 }, (_, index) => stopped(`reason ${index}`)));
      await sleep(5);
      await dispatchAll(parts, known);
      await sleep(5);
      await dispatchAll(parts, known);

      const [job, ...others] = await jobsOf('fleet');
      expect(others).toEqual([]);
      expect(job?.data.message.moreItems).toBe(2_990);
    });

    test('a new receiver begins now, and one whose cursor Redis has lost continues', async () => {
      const receivers = config('new');
      const parts = { queue, state, receivers, log: silentLog };
      const known = new Map();
      await state.audit([stopped('before it was there')]);
      await dispatchAll(parts, known);
      await redis.del(`${PREFIX}:notify-cursors`);
      await state.audit([stopped('since the loss')]);
      await sleep(5);
      await dispatchAll(parts, known);
      await dispatchAll(parts, known);

      const jobs = await jobsOf('new');
      expect(jobs.flatMap(({ data }) => data.message.items.map(({ reason }) => reason))).toEqual([
        'since the loss',
      ]);
    });

    test('a new Redis whose clock is behind keeps nothing back', async () => {
      const receivers = config('ahead');
      const parts = { queue, state, receivers, log: silentLog };
      const ahead = `${state.auditTime() + 3_600_000}-0`;
      const known = new Map([['ahead', { cursor: { after: ahead }, until: state.auditTime() + 3_600_000 }]]);
      await redis.del(`${PREFIX}:audit`);
      await state.audit([stopped('since the loss')]);
      await sleep(5);
      await dispatchAll(parts, known);
      await dispatchAll(parts, known);

      const jobs = await jobsOf('ahead');
      expect(jobs.flatMap(({ data }) => data.message.items.map(({ reason }) => reason))).toEqual([
        'since the loss',
      ]);
    });

    test('a receiver that was removed while no worker ran begins now when it comes back', async () => {
      const parts = { queue, state, receivers: config('returns'), log: silentLog };
      await dispatchAll(parts, new Map());
      const began = state.auditTime();
      const without = (minutes: number) => ({
        ...parts,
        receivers: config('another'),
        state: { ...state, auditTime: () => began + minutes * 60_000 },
      });

      await reviewReceivers(without(9), began);
      expect((await state.notifyCursors()).has('returns')).toBe(true);
      // A worker that has just started does not know what the others have in their files.
      await reviewReceivers(without(60), began + 51 * 60_000);
      expect((await state.notifyCursors()).has('returns')).toBe(true);
      await reviewReceivers(without(11), began);
      expect((await state.notifyCursors()).has('returns')).toBe(false);

      await state.audit([stopped('while it was removed')]);
      const known = new Map();
      await dispatchAll(parts, known);
      await state.audit([stopped('since it is back')]);
      await sleep(5);
      await dispatchAll(parts, known);

      const jobs = await jobsOf('returns');
      expect(jobs.flatMap(({ data }) => data.message.items.map(({ reason }) => reason))).toEqual([
        'since it is back',
      ]);
    });

    test('a receiver that another worker has in its file is not forgotten', async () => {
      const parts = { queue, state, receivers: config('kept'), log: silentLog };
      await dispatchAll(parts, new Map());
      const long = state.auditTime() - 60 * 60_000;

      await reviewReceivers(parts, long);
      await reviewReceivers({ ...parts, receivers: config('another') }, long);

      expect((await state.notifyCursors()).has('kept')).toBe(true);
    });
  });
});
