import type { Logger } from 'pino';

export interface RunningProcess {
  /** Resolves with the reason when the process can no longer do its work. */
  readonly broken?: Promise<Error>;
  /** Ends everything in order. */
  stop(): Promise<void>;
}

/**
 * Runs until SIGTERM or SIGINT, then stops in order; a second signal ends at once. Resolves with the exit code.
 */
export async function runUntilSignal(running: RunningProcess, log: Logger): Promise<number> {
  const signalled = new Promise<undefined>((resolve) => {
    let signals = 0;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) {
          log.warn({ signal }, 'second signal, ending at once');
          process.exit(1);
        }
        log.info({ signal }, 'stopping');
        resolve(undefined);
      });
    }
  });
  const reason = await Promise.race([signalled, running.broken ?? signalled]);
  if (reason) log.fatal({ err: reason }, 'cannot go on');
  await running.stop();
  return reason ? 1 : 0;
}
