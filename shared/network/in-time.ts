export interface Limits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The result is a stream, which is used until the signal ends it. */
  readonly lasts?: boolean;
}

/**
 * The signal or the timeout ends the work, whatever it is waiting for: undici, for example, ignores an abort while it is
 * connecting.
 */
export async function inTime<T>(
  { timeoutMs, signal, lasts = false }: Limits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const ended = new Promise<never>((_resolve, reject) => {
    ending.signal.addEventListener('abort', () => reject(ending.signal.reason), { once: true });
  });
  const abort = () => ending.abort(signal?.reason);
  const late = new Error(`no complete answer within ${timeoutMs / 1000} s`);
  const clock = setTimeout(() => ending.abort(late), timeoutMs);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await Promise.race([work(ending.signal), ended]);
  } finally {
    clearTimeout(clock);
    if (!lasts) signal?.removeEventListener('abort', abort);
  }
}
