import type { Logger } from 'pino';

export interface RunningProcess {
  /** Resolves with the reason when the process can no longer do its work. */
  readonly broken?: Promise<Error>;
  /** Ends everything in order. */
  stop(): Promise<void>;
}

/** Listens for SIGTERM and SIGINT from now on, and resolves at the first; a second one ends the process at once. */
export function untilSignal(log: Logger): Promise<undefined> {
  return new Promise((resolve) => {
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
}

/** Runs until a signal has come, or the process is broken, then stops in order. Resolves with the exit code. */
export async function runUntil(
  signalled: Promise<undefined>,
  running: RunningProcess,
  log: Logger,
): Promise<number> {
  const reason = await Promise.race([signalled, running.broken ?? signalled]);
  if (reason) log.fatal({ err: reason }, 'cannot go on');
  await running.stop();
  return reason ? 1 : 0;
}
