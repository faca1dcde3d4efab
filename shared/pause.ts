import { setTimeout } from 'node:timers/promises';

export interface PauseOptions {
  /** Ends the pause early. */
  readonly signal?: AbortSignal | undefined;
  /** False: the pause does not keep the process alive. */
  readonly ref?: boolean;
}

/** Waits this long, or until the signal is aborted; never throws. */
export async function pause(ms: number, { signal, ref = true }: PauseOptions = {}): Promise<void> {
  await setTimeout(ms, undefined, { ref, ...(signal && { signal }) }).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
}
