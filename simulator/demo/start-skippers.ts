import { resolve } from 'node:path';
import { ConfigurationError, SETTING_NAMES, variableOf } from '../../shared/config.ts';
import type { Closers } from './closers.ts';
import { releaseCheckInterval } from './cluster-config.ts';
import type { DemoOptions } from './demo-options.ts';
import type { DemoRedis } from './demo-redis.ts';
import { freePort, isFreePort } from './free-port.ts';
import type { Guardian } from './guardian.ts';
import { type SkipperProcess, startSkipperProcess } from './skipper-process.ts';

const USUAL_PORT = 5000;
const WORKERS = 2;
/** With misbehaving namespaces the demo shall come to an end; a real control plane may be slow with many at once. */
const SIMULATED_DEADLINE_SECONDS = 30;
const REAL_DEADLINE_SECONDS = 60;

/** It shall be seen: what takes minutes in a real fleet takes seconds. */
const HEALING = { heal: 'on', 'heal-interval': 2, 'heal-backoff': 5, 'deaf-after': 20 } as const;

export interface Skippers {
  readonly url: string;
  /** Resolves with the reason when the product cannot go on: its API, or every worker, is gone. */
  readonly broken: Promise<Error>;
  describe(): readonly string[];
}

export interface StartSkippersOptions {
  readonly options: DemoOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly redis: DemoRedis;
  readonly kubeconfigPath: string;
  readonly stateConfigMap: string | undefined;
  readonly channelUrl: string;
  readonly policyPath: string;
  readonly closers: Closers;
  readonly guardian: Guardian;
}

/** One API and two workers, each a process of its own, as they would be installed. */
export async function startSkippers(start: StartSkippersOptions): Promise<Skippers> {
  const port = await choosePort(start.options.port);
  const workerPorts = await Promise.all(Array.from({ length: WORKERS }, () => freePort()));
  const known = { ...start, apiPort: port };
  const api = startOne(known, 'api', port);
  const workers = workerPorts.map((workerPort) => startOne(known, 'worker', workerPort));
  await Promise.all([api, ...workers].map((skipper) => skipper.ready()));
  return {
    url: api.url,
    broken: Promise.race([
      died('api', api),
      Promise.all(workers.map((worker) => died('worker', worker))).then(last),
    ]),
    describe: () => [
      `api: process ${api.pid}`,
      ...workers.map((worker, index) => `worker ${index + 1}: process ${worker.pid}`),
    ],
  };
}

async function choosePort(asked: number | undefined): Promise<number> {
  const port = asked ?? USUAL_PORT;
  if (await isFreePort(port)) return port;
  if (asked !== undefined)
    throw new ConfigurationError(`port ${asked} is in use: choose another one with --port`);
  return freePort();
}

interface StartOne extends StartSkippersOptions {
  /** Links in notifications lead there. */
  readonly apiPort: number;
}

function startOne(start: StartOne, command: 'api' | 'worker', port: number): SkipperProcess {
  const { options, redis } = start;
  const skipper = startSkipperProcess({
    command,
    port,
    env: withoutSettings(start.env),
    flags: {
      host: '127.0.0.1',
      kubeconfig: start.kubeconfigPath,
      'state-config-map': start.stateConfigMap,
      'redis-url': redis.url,
      'redis-prefix': redis.prefix,
      baseurl: start.channelUrl,
      'rollout-policy': start.policyPath,
      'environment-label': options.kubeconfig === undefined ? 'simulated cluster' : 'simulated FDDs',
      'disable-autoupdate': options.once,
      'release-check-interval': options.once ? undefined : releaseCheckInterval(options.releaseEvery),
      'progress-deadline': options.failRate > 0 || options.heal ? progressDeadline(options) : undefined,
      ...(options.heal ? HEALING : {}),
      ...(options.notifications === undefined
        ? {}
        : {
            notifications: resolve(options.notifications),
            'public-url': `http://127.0.0.1:${start.apiPort}`,
          }),
    },
  });
  start.guardian.watchOver(skipper.pid);
  start.closers.add(() => skipper.stop(3_000));
  return skipper;
}

function progressDeadline({ kubeconfig }: DemoOptions): number {
  return kubeconfig === undefined ? SIMULATED_DEADLINE_SECONDS : REAL_DEADLINE_SECONDS;
}

/** What is set for a Skipper of one's own must not reach the demo's. */
function withoutSettings(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const settings = new Set(SETTING_NAMES.map(variableOf));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !settings.has(name)));
}

async function died(name: string, skipper: SkipperProcess): Promise<Error> {
  const { code, signal } = await skipper.exited;
  const lines = skipper.lines().slice(-10);
  return new Error([`skipper ${name} ended (${signal ?? `exit code ${code}`})`, ...lines].join('\n'));
}

function last(errors: readonly Error[]): Error {
  return errors.at(-1) ?? new Error('there is no worker');
}
