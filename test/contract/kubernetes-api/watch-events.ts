import type { WatchEvent, WatchStream } from '../api-client.ts';

export async function take(stream: WatchStream, count: number): Promise<(WatchEvent | undefined)[]> {
  const events: (WatchEvent | undefined)[] = [];
  for (let index = 0; index < count; index += 1) events.push(await stream.next());
  return events;
}

/** All events, followed by the undefined that marks the end. */
export async function untilEnd(stream: WatchStream): Promise<(WatchEvent | undefined)[]> {
  const events: (WatchEvent | undefined)[] = [];
  do events.push(await stream.next());
  while (events.at(-1) !== undefined);
  return events;
}

export function shown(events: readonly (WatchEvent | undefined)[]): readonly string[] {
  return events.map((event) => `${event?.type} ${event?.object.metadata.name}`);
}
