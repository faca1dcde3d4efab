import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { freePort } from './free-port.ts';
import type { Gate } from './gate.ts';
import { startSkipperHere } from './skipper-here.ts';
import { startStrictProcess } from './strict-process.ts';

export type Flags = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SkipperOptions {
  /** A free one if left out. */
  readonly port?: number;
  readonly flags?: Flags;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Connects to the API server through this gate. */
  readonly gate?: Gate;
  /** Do not wait until it is ready. */
  readonly unready?: boolean;
  /** Runs it as a process, which can be killed; defaults to the world's option. */
  readonly process?: boolean;
}

/** The common options of every Skipper of a world. */
export interface SkipperDefaults {
  readonly apiServer: string;
  /** Flags of each; the flags of a single one override them. */
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly processes: boolean;
}

type Run<T> = (skipper: SkipperProcess) => Promise<T>;

/** The Skippers of a world, as processes or inside this one. */
export interface WorldSkippers {
  startApi(options?: SkipperOptions): Promise<SkipperProcess>;
  startWorker(options?: SkipperOptions): Promise<SkipperProcess>;
  startStandalone(options?: SkipperOptions): Promise<SkipperProcess>;
  /** Runs something with a separate api, which stops afterwards. */
  withApi<T>(options: SkipperOptions, run: Run<T>): Promise<T>;
  withWorker<T>(options: SkipperOptions, run: Run<T>): Promise<T>;
  /** The running ones. */
  running(): readonly SkipperProcess[];
  /** The URL of the API that was started last. */
  apiUrl(): string | undefined;
  stopAll(): Promise<void>;
}

/** Long: on a busy machine, an FDD that works needs more than half a minute. Tests of deadlines have their own. */
export const PROGRESS_DEADLINE_MS = 90_000;
const WORKER_FLAGS: Flags = {
  'progress-deadline': PROGRESS_DEADLINE_MS / 1_000,
  'bootstrap-deadline': 60,
  'retry-backoff-base': 0.1,
  'retry-backoff-cap': 0.5,
  'release-check-interval': 3600,
  'grace-period': 5,
};
/** For what has to work before the tests of healing, whose own deadlines are short. */
export const PATIENT_FLAGS: Flags = { heal: 'off', 'progress-deadline': PROGRESS_DEADLINE_MS / 1_000 };

export function createSkippers(defaults: SkipperDefaults): WorldSkippers {
  const running: SkipperProcess[] = [];
  const apis = new Set<SkipperProcess>();

  async function start(command: 'api' | 'worker' | 'standalone', options: SkipperOptions = {}) {
    const begin = (options.process ?? defaults.processes) ? startStrictProcess : startSkipperHere;
    const started = begin({
      command,
      port: options.port ?? (await freePort()),
      flags: {
        'api-server': options.gate?.url ?? defaults.apiServer,
        ...(command === 'api' ? {} : WORKER_FLAGS),
        ...defaults.flags,
        ...options.flags,
      },
      env: { ...defaults.env, ...options.env },
    });
    running.push(started);
    void started.exited.then(() => running.splice(running.indexOf(started), 1));
    if (command !== 'worker') apis.add(started);
    if (!options.unready) await started.ready();
    return started;
  }

  return {
    startApi: (options) => start('api', options),
    startWorker: (options) => start('worker', options),
    startStandalone: (options) => start('standalone', options),
    withApi: (options, run) => during(start('api', options), run),
    withWorker: (options, run) => during(start('worker', options), run),
    running: () => [...running],
    apiUrl: () => running.findLast((each) => apis.has(each))?.url,
    stopAll: async () => {
      await Promise.all(running.map((each) => each.stop()));
    },
  };
}

async function during<T>(starting: Promise<SkipperProcess>, run: Run<T>): Promise<T> {
  const started = await starting;
  try {
    return await run(started);
  } finally {
    await started.stop();
  }
}
