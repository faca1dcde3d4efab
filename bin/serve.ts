import type { Logger } from 'pino';
import { startApi } from '../api/start-api.ts';
import { redactSettings, type Settings } from '../shared/config.ts';
import { openCore } from '../shared/core.ts';
import { rememberSecrets } from '../shared/remember-secrets.ts';
import { startWorker } from '../worker/start-worker.ts';
import { captureLibraryOutput } from './library-output.ts';
import { createLogger } from './logger.ts';
import { type RunningProcess, runUntil, untilSignal } from './run-process.ts';

export interface Service {
  readonly name: string;
  readonly parts: readonly ('api' | 'worker')[];
  readonly version: string;
}

/** The environment of a service, in a process of its own or inside another one. */
export interface Surroundings {
  readonly log: Logger;
  /** Resolves when the service has to stop. */
  readonly signalled: Promise<undefined>;
}

/** Runs the API, a worker, or both, until a signal stops them. */
export async function serve(service: Service, settings: Settings): Promise<void> {
  const log = createLogger({ format: settings.logFormat, debug: settings.debug });
  captureLibraryOutput(log);
  // Before anything starts that needs a graceful shutdown.
  const signalled = untilSignal(log.child({ logger: service.name }));
  process.exit(await runService(service, settings, { log, signalled }));
}

/** Resolves with the exit code once everything is closed. */
export async function runService(
  { name, parts, version }: Service,
  settings: Settings,
  { log: root, signalled }: Surroundings,
): Promise<number> {
  rememberSecrets(settings, process.env);
  const log = root.child({ logger: name });
  log.info({ version }, `skipper ${name} is starting`);
  log.debug({ settings: redactSettings(settings) }, 'settings');
  if (settings.debug) log.warn("--debug: the Kubernetes API server's certificate is not verified");
  const core = await openCore(settings, root, version);
  const worker = parts.includes('worker')
    ? await startWorker(core, { ownHttp: !parts.includes('api') })
    : undefined;
  const api = parts.includes('api') ? await startApi(core, version, worker?.problems) : undefined;
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
  return exitCode;
}
