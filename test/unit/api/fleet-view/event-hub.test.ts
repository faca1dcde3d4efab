import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createEventHub } from '../../../../api/fleet-view/event-hub.ts';
import type { FeedEvent } from '../../../../api/fleet-view/fleet-view.ts';
import { createRowStore } from '../../../../api/fleet-view/row-store.ts';
import { summariseFleet } from '../../../../domain/fleet/summarise-fleet.ts';
import { aFleetRow } from '../../../support/builders.ts';
import { aFakeView } from '../../../support/fake-view.ts';
import { listenToEvents } from '../../../support/listen-to-events.ts';
import { until } from '../../../support/until.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A view of one row, with its own server. */
async function open(backlogBytes?: number) {
  const store = createRowStore('e');
  store.update([aFleetRow({ namespace: 'a' })], []);
  const listeners = new Map<(event: FeedEvent) => void, (() => void) | undefined>();
  const summary = () =>
    summariseFleet({
      rows: store.all(),
      channels: new Map(),
      workers: 1,
      queue: undefined,
      rollouts: [],
      notices: [],
      stale: [],
    });
  const view = aFakeView({
    document: () => ({ position: store.position(), now: 42, summary: summary(), rows: store.all() }),
    rows: store.all,
    summary,
    changesSince: store.changesSince,
    subscribe: (listener, onEnd) => {
      listeners.set(listener, onEnd);
      return () => listeners.delete(listener);
    },
    close: async () => {
      for (const onEnd of listeners.values()) onEnd?.();
    },
  });
  const hub = createEventHub(view, backlogBytes);
  const server = createServer((request, response) => {
    hub.attach(response, request.url === '/' ? undefined : request.url?.slice(1));
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return {
    port,
    store,
    view,
    listeners,
    connections: () => sockets.size,
    change: (detail: string) => {
      const event = store.update([aFleetRow({ namespace: 'a', detail })], []);
      if (event) for (const listener of listeners.keys()) listener({ kind: 'rows', event });
    },
  };
}

async function listenTo(port: number, since = '') {
  const listener = await listenToEvents(`http://127.0.0.1:${port}/${since}`);
  closers.push(listener.stop);
  return listener;
}

describe('an event hub', () => {
  test('sends the whole fleet to a new client, then its changes', async () => {
    const { port, change } = await open();
    const { heard, response } = await listenTo(port);
    await until(() => heard.length === 1, 'the first event');

    change('applying');
    await until(() => heard.length === 2, 'the change');

    expect(heard).toMatchObject([
      { event: 'reset', id: 'e.1', data: { position: 'e.1', now: 42, rows: [{ namespace: 'a' }] } },
      { event: 'rows', id: 'e.2', data: { position: 'e.2', rows: [{ detail: 'applying' }], gone: [] } },
    ]);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
  });

  test('sends only the difference to a client that reconnects', async () => {
    const { port, change } = await open();
    change('applying');

    const { heard } = await listenTo(port, 'e.1');
    await until(() => heard.length === 2, 'the difference and the summary');

    expect(heard).toMatchObject([
      { event: 'rows', data: { rows: [{ detail: 'applying' }] } },
      { event: 'summary', id: 'e.2', data: { namespaces: 1 } },
    ]);
  });

  test('sends only the summary to a client that missed nothing', async () => {
    const { port } = await open();

    const { heard } = await listenTo(port, 'e.1');
    await until(() => heard.length === 1, 'the first event');

    expect(heard).toMatchObject([{ event: 'summary' }]);
  });

  test('resets a client whose position is from another process', async () => {
    const { port } = await open();

    const { heard } = await listenTo(port, 'other.17');
    await until(() => heard.length === 1, 'the first event');

    expect(heard).toMatchObject([{ event: 'reset', id: 'e.1' }]);
  });

  test('ends the response to a HEAD request immediately', async () => {
    const { port, listeners } = await open();

    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' });

    expect(await response.text()).toBe('');
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(listeners.size).toBe(0);
  });

  test('subscribes to the view once, and only while clients are connected', async () => {
    const { port, listeners } = await open();
    expect(listeners.size).toBe(0);

    const all = await Promise.all([listenTo(port), listenTo(port), listenTo(port)]);

    expect(listeners.size).toBe(1);
    for (const { response } of all) response.destroy();
    await until(() => listeners.size === 0, 'the hub has unsubscribed');
  });

  test('disconnects a client that does not read, and serves the others', async () => {
    const { port, change, connections } = await open(64 * 1024);
    const slow = connect(port, '127.0.0.1');
    slow.on('error', () => undefined);
    closers.push(() => void slow.destroy());
    slow.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => slow.once('data', resolve));
    slow.pause();
    const { heard, ended } = await listenTo(port);
    expect(connections()).toBe(2);

    // The kernel buffers some megabytes before data has to wait in the process.
    for (let changes = 1; connections() === 2 && changes < 1_000; changes += 1) {
      change(`${changes} ${'x'.repeat(256 * 1024)}`);
      await until(
        () => heard.filter(({ event }) => event === 'rows').length === changes,
        'the other client receives the change',
      );
    }

    expect(connections()).toBe(1);
    expect(ended()).toBe(false);
  });

  test('ends every response when the view closes', async () => {
    const { port, view } = await open();
    const clients = await Promise.all([listenTo(port), listenTo(port)]);

    await view.close();

    await until(() => clients.every(({ ended }) => ended()), 'both responses have ended');
  });
});
