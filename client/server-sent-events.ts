import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface ServerSentEvent {
  /** The last id received, even if this event has none. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/**
 * Reads a `text/event-stream`. Not an EventSource: that cannot send an Authorization header, hides the status of a
 * refusal, and gives up permanently when a proxy answers 502.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const decoder = new TextDecoder();
  let id = '';
  for await (const chunk of chunksOf(body)) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const message of messages.splice(0)) {
      id = message.id ?? id;
      yield { id, event: message.event ?? 'message', data: message.data };
    }
  }
}

/** Some browsers do not support iterating a stream yet. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // read() has already thrown the error that broke the stream.
    await reader.cancel().catch(() => undefined);
  }
}
