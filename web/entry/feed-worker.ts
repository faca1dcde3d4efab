import './without-eval.ts';
import type { FleetNews } from '../../client/fleet-news.ts';
import { browserClient } from '../browser-client.ts';
import { type Feed, startFeed } from '../feed/feed.ts';
import type { PageMessage } from '../feed/page-message.ts';

/** One for all tabs of a browser: HTTP/1.1 allows six connections to a host, and twenty tabs need one. */
const pages = new Set<MessagePort>();
let feed: Feed | undefined;

function broadcast(news: FleetNews): void {
  for (const page of pages) page.postMessage(news);
}

function welcome(page: MessagePort): void {
  page.addEventListener('message', ({ data }: MessageEvent<PageMessage>) => {
    if (data === 'wake') feed?.wake();
    if (data === 'bye') pages.delete(page);
  });
  page.start();
  if (feed) for (const news of feed.replay()) page.postMessage(news);
  pages.add(page);
  feed ??= startFeed(browserClient(), broadcast);
}

addEventListener('connect', (event) => {
  const [page] = (event as MessageEvent).ports;
  if (page) welcome(page);
});
addEventListener('online', () => feed?.wake());
