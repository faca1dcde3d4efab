/** A failed attempt that will be retried; the queue reads the delay from it. */
export class RetryError extends Error {
  readonly delayMs: number;

  constructor(message: string, delayMs: number, cause: unknown) {
    super(message, { cause });
    this.name = 'RetryError';
    this.delayMs = delayMs;
  }
}
