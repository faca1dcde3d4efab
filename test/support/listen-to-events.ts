import { get, type IncomingMessage } from 'node:http';

/** One server-sent event. */
export interface HeardEvent {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: assertions check what must exist
  readonly data: any;
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number;
}

export interface Listener {
  readonly heard: readonly HeardEvent[];
  readonly response: IncomingMessage;
  ended(): boolean;
  stop(): void;
}

/** Listens to server-sent events like a browser; resolves when the response has begun. */
export async function listenToEvents(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Listener> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // Its own connection, so that it does not wait for another listener's.
    get(url, { headers, agent: false }, resolve).on('error', reject);
  });
  const heard: HeardEvent[] = [];
  let text = '';
  let ended = false;
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) if (block.includes('event: ')) heard.push(parse(block));
  });
  response.on('error', () => undefined);
  response.on('close', () => {
    ended = true;
  });
  return { heard, response, ended: () => ended, stop: () => void response.destroy() };
}

function parse(block: string): HeardEvent {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
  return { id: field('id'), event: field('event'), data: JSON.parse(field('data')), at: Date.now() };
}
