import { startApi } from '../api/start-api.ts';
import { redactSettings, type Settings } from '../shared/config.ts';
import { openCore } from '../shared/core.ts';
import { startWorker } from '../worker/start-worker.ts';
import { createLogger } from './logger.ts';
import { type RunningProcess, runUntil, untilSignal } from './run-process.ts';

export interface Service {
  readonly name: string;
  readonly parts: readonly ('api' | 'worker')[];
  readonly version: string;
}

/** Runs the API, a worker, or both, until a signal stops them. */
export async function serve({ name, parts, version }: Service, settings: Settings): Promise<void> {
  const root = createLogger({ format: settings.logFormat, debug: settings.debug });
  const log = root.child({ logger: name });
  // Before anything starts that needs a graceful shutdown.
  const signalled = untilSignal(log);
  log.info({ version }, `skipper ${name} is starting`);
  log.debug({ settings: redactSettings(settings) }, 'settings');
  if (settings.debug) log.warn("--debug: the Kubernetes API server's certificate is not verified");
  const core = await openCore(settings, root, version);
  const worker = parts.includes('worker')
    ? await startWorker(core, { ownHttp: !parts.includes('api') })
    : undefined;
  const api = parts.includes('api') ? await startApi(core, version) : undefined;
  const running: RunningProcess = {
    ...(worker === undefined ? {} : { broken: worker.broken }),
    stop: async () => {
      await api?.stop();
      await worker?.stop();
      await core.close();
    },
  };
  const exitCode = await runUntil(signalled, running, log);
  log.info('stopped');
  process.exit(exitCode);
}
