import { browserEnvironment, type Feed, followFleet } from '../feed/feed.ts';
import type { FeedMessage, PageMessage } from '../feed/feed-messages.ts';

/** One for all tabs of a browser: HTTP/1.1 allows six connections to a host, and twenty tabs need one. */
const pages = new Set<MessagePort>();
let feed: Feed | undefined;

function broadcast(message: FeedMessage): void {
  for (const page of pages) page.postMessage(message);
}

function welcome(page: MessagePort): void {
  page.addEventListener('message', ({ data }: MessageEvent<PageMessage>) => {
    if (data === 'wake') feed?.wake();
    if (data === 'bye') pages.delete(page);
  });
  page.start();
  if (feed) for (const message of feed.replay()) page.postMessage(message);
  pages.add(page);
  feed ??= followFleet(browserEnvironment(), broadcast);
}

addEventListener('connect', (event) => {
  const [page] = (event as MessageEvent).ports;
  if (page) welcome(page);
});
addEventListener('online', () => feed?.wake());
