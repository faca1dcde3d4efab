import type { Logger } from 'pino';

export interface RunningProcess {
  /** Resolves with the reason when the process can no longer work. */
  readonly broken?: Promise<Error>;
  /** Shuts down gracefully. */
  stop(): Promise<void>;
}

/** Handles SIGTERM and SIGINT: resolves on the first, exits immediately on the second. */
export function untilSignal(log: Logger): Promise<undefined> {
  return new Promise((resolve) => {
    let signals = 0;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) {
          log.warn({ signal }, 'second signal, exiting immediately');
          process.exit(1);
        }
        log.info({ signal }, 'stopping');
        resolve(undefined);
      });
    }
  });
}

/** Waits for a signal or a fatal error, then shuts down gracefully. Resolves with the exit code. */
export async function runUntil(
  signalled: Promise<undefined>,
  running: RunningProcess,
  log: Logger,
): Promise<number> {
  const reason = await Promise.race([signalled, running.broken ?? signalled]);
  if (reason) log.fatal({ err: reason }, 'fatal error, shutting down');
  await running.stop();
  return reason ? 1 : 0;
}
