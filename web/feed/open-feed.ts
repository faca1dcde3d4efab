import { browserEnvironment, followFleet } from './feed.ts';
import type { FeedMessage, PageMessage } from './feed-messages.ts';

/** Follows the fleet through the worker that all tabs share; where a browser has none, by itself. */
export function openFeed(workerUrl: string, onMessage: (message: FeedMessage) => void): void {
  const wake = 'SharedWorker' in window ? followShared(workerUrl, onMessage) : followAlone(onMessage);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') wake();
  });
  addEventListener('online', wake);
}

function followAlone(onMessage: (message: FeedMessage) => void): () => void {
  const feed = followFleet(browserEnvironment(), onMessage);
  return () => feed.wake();
}

function followShared(workerUrl: string, onMessage: (message: FeedMessage) => void): () => void {
  let port: MessagePort | undefined;
  let wakeAlone: (() => void) | undefined;
  const tell = (message: PageMessage) => port?.postMessage(message);
  const join = () => {
    const worker = new SharedWorker(workerUrl, { type: 'module', name: 'skipper-feed' });
    // Its script is gone, for one: another version of Skipper answers by now.
    worker.addEventListener('error', () => {
      wakeAlone ??= followAlone(onMessage);
    });
    port = worker.port;
    port.addEventListener('message', ({ data }: MessageEvent<FeedMessage>) => onMessage(data));
    port.start();
  };
  join();
  addEventListener('pagehide', () => tell('bye'));
  // Back from the browser's cache of pages: the worker has forgotten this one.
  addEventListener('pageshow', (event) => event.persisted && join());
  return () => (wakeAlone ? wakeAlone() : tell('wake'));
}
