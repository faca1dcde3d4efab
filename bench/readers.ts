import { request } from 'undici';
import { pause } from '../shared/pause.ts';

/** Like a page that refreshes every second. */
const PAUSE_MS = 1_000;

export interface ReadingOptions {
  readonly url: string;
  readonly path: string;
  readonly readers: number;
  readonly seconds: number;
}

/** Reads a path in several loops at once, compressed as browsers do; the answer times in milliseconds. */
export async function readFor({ url, path, readers, seconds }: ReadingOptions): Promise<number[]> {
  const until = Date.now() + seconds * 1000;
  const millis: number[] = [];
  const read = async (index: number) => {
    // Not all at the same moment.
    await pause((index * PAUSE_MS) / readers);
    while (Date.now() < until) {
      millis.push(await timeOf(url + path));
      await pause(PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: readers }, (_, index) => read(index)));
  return millis;
}

/** Until the last byte. */
async function timeOf(url: string): Promise<number> {
  const began = performance.now();
  const { statusCode, body } = await request(url, { headers: { 'accept-encoding': 'gzip' } });
  for await (const _chunk of body);
  if (statusCode !== 200) throw new Error(`GET ${url}: ${statusCode}`);
  return performance.now() - began;
}
