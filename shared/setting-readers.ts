import { flagOf, type SettingName } from './config.ts';

export const PROCESSES = ['api', 'worker', 'standalone'] as const;
export type ProcessName = (typeof PROCESSES)[number];

const API: readonly ProcessName[] = ['api', 'standalone'];
const WORKER: readonly ProcessName[] = ['worker', 'standalone'];

/** The processes that read a setting; all processes read those that are not listed. */
const READERS: Readonly<Partial<Record<SettingName, readonly ProcessName[]>>> = {
  port: API,
  authTokenFile: API,
  trustProxy: API,
  // In a standalone process, the API serves the worker's health.
  workerPort: ['worker'],
  concurrency: WORKER,
  maxInFlight: WORKER,
  kubeApiQps: WORKER,
  disableAutoupdate: WORKER,
  releaseCheckInterval: WORKER,
  auditLog: WORKER,
  auditRetention: WORKER,
  heal: WORKER,
  healInterval: WORKER,
  healBackoff: WORKER,
  healHourlyCap: WORKER,
  healStopShare: WORKER,
  healScaledDown: WORKER,
  deafAfter: WORKER,
  hookSecretFile: API,
  disableKubernetesEvents: WORKER,
  progressDeadline: WORKER,
  bootstrapDeadline: WORKER,
  maxAttempts: WORKER,
  retryBackoffBase: WORKER,
  retryBackoffCap: WORKER,
  disableCrdCreation: WORKER,
  gracePeriod: WORKER,
};

export function readersOf(name: SettingName): readonly ProcessName[] {
  return READERS[name] ?? PROCESSES;
}

export function isReadBy(process: ProcessName, name: SettingName): boolean {
  return readersOf(name).includes(process);
}

/**
 * Errors for flags that a process does not read. Environment and config file are often shared between processes, so they
 * can contain all settings.
 */
export function describeForeignFlags(process: ProcessName, flags: readonly SettingName[]): readonly string[] {
  return flags
    .filter((name) => !isReadBy(process, name))
    .map((name) => {
      const readers = readersOf(name).map((reader) => `skipper ${reader}`);
      return `--${flagOf(name)} is a setting of ${readers.join(' and ')}: skipper ${process} does not read it`;
    });
}
