import {
  type SkipperProcess,
  type SkipperProcessOptions,
  startSkipperProcess,
} from '../../simulator/demo/skipper-process.ts';
import { UNTIL_TIMEOUT_MS } from './until.ts';

/** Starts a process that SIGTERM must end in time: `stop` throws if it had to be killed. */
export function startStrictProcess(options: SkipperProcessOptions): SkipperProcess {
  const started = startSkipperProcess(options);
  let isKilled = false;
  return {
    ...started,
    signal: (signal) => {
      isKilled ||= signal === 'SIGKILL';
      started.signal(signal);
    },
    ready: (timeoutMs = UNTIL_TIMEOUT_MS) => started.ready(timeoutMs),
    stop: async (graceMs = UNTIL_TIMEOUT_MS) => {
      await started.stop(graceMs);
      const { signal } = await started.exited;
      if (signal !== 'SIGKILL' || isKilled) return;
      throw new Error([`SIGTERM did not end ${started.url}`, ...started.lines().slice(-5)].join('\n'));
    },
  };
}
