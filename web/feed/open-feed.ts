import type { FleetNews } from '../../client/fleet-news.ts';
import { browserClient } from '../browser-client.ts';
import { startFeed } from './feed.ts';
import type { PageMessage } from './page-message.ts';

/** Follows the fleet through the worker that all tabs share; in a browser without shared workers, in the page. */
export function openFeed(workerUrl: string, onNews: (news: FleetNews) => void): void {
  const wake = 'SharedWorker' in window ? followShared(workerUrl, onNews) : followAlone(onNews);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') wake();
  });
  addEventListener('online', wake);
}

function followAlone(onNews: (news: FleetNews) => void): () => void {
  const feed = startFeed(browserClient(), onNews);
  return () => feed.wake();
}

function followShared(workerUrl: string, onNews: (news: FleetNews) => void): () => void {
  let port: MessagePort | undefined;
  let wakeAlone: (() => void) | undefined;
  const send = (message: PageMessage) => port?.postMessage(message);
  const join = () => {
    const worker = new SharedWorker(workerUrl, { type: 'module', name: 'skipper-feed' });
    // For example, its script is gone because another version of Skipper answers now.
    worker.addEventListener('error', () => {
      wakeAlone ??= followAlone(onNews);
    });
    port = worker.port;
    // The worker is of the same build as the page, and has parsed the news.
    port.addEventListener('message', ({ data }: MessageEvent<FleetNews>) => onNews(data));
    port.start();
  };
  join();
  addEventListener('pagehide', () => send('bye'));
  // The page is back from the browser's page cache: the worker no longer knows it.
  addEventListener('pageshow', (event) => event.persisted && join());
  return () => (wakeAlone ? wakeAlone() : send('wake'));
}
