const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface End {
  readonly signal: AbortSignal;
  /** Resolves when someone wants the demo to end; rejects when it cannot go on. */
  readonly asked: Promise<'ended'>;
}

/** Ctrl-C and its like ask for an orderly end; the second one ends at once. What nobody caught ends orderly, too. */
export function listenForTheEnd(): End {
  const ending = new AbortController();
  const asked = new Promise<'ended'>((resolve, reject) => {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (ending.signal.aborted) process.exit(1);
        ending.abort();
        resolve('ended');
      });
    }
    process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
      if (ending.signal.aborted) return;
      ending.abort();
      // The reader of the output has ended: `npm run demo | head`.
      if (error.code === 'EPIPE') resolve('ended');
      else reject(error);
    });
  });
  // It may come while nobody waits for it.
  asked.catch(() => undefined);
  return { signal: ending.signal, asked };
}
