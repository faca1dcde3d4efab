#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { startApi } from '../api/start-api.ts';
import {
  ConfigurationError,
  flagOf,
  isFlag,
  readSettings,
  redactSettings,
  SETTING_NAMES,
  type SettingName,
  Settings,
  variableOf,
} from '../shared/config.ts';
import { openCore } from '../shared/core.ts';
import { messageOf, SkipperError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import { type RunningProcess, runUntilSignal } from '../shared/run-process.ts';
import { addDemoCommand } from '../simulator/demo/demo-command.ts';
import { startWorker } from '../worker/start-worker.ts';

const version = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

const program = new Command('skipper')
  .description('Keeps the fiaas-deploy-daemon of every namespace at its release, and proves it.')
  .version(version)
  .showHelpAfterError('(run skipper --help)');

for (const [name, description, parts] of [
  ['api', 'HTTP in, jobs out: the API and the board', ['api']],
  ['worker', 'jobs in, cluster changes out', ['worker']],
  ['standalone', 'API and worker in one process', ['api', 'worker']],
] as const) {
  withSettings(program.command(name).description(description)).action((flags) => serve(name, parts, flags));
}
addDemoCommand(program, process.env);

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}

/** Gives a command one flag per setting. */
function withSettings(command: Command): Command {
  for (const name of SETTING_NAMES) {
    const short = name === 'configFile' ? '-c, ' : '';
    const value = isFlag(name) ? '' : ` <${valueName(name)}>`;
    const { description = '' } = Settings.shape[name];
    const byDefault = Settings.shape[name].safeParse(undefined).data;
    const shown = byDefault === undefined || byDefault === false ? '' : ` (default: ${String(byDefault)})`;
    command.addOption(
      new Option(`${short}--${flagOf(name)}${value}`, `${description}${shown} [$${variableOf(name)}]`),
    );
  }
  return command;
}

function valueName(name: SettingName): string {
  if (/(Interval|Timeout|Deadline|Base|Cap|Period)$/.test(name)) return 'seconds';
  if (/(File|Cert|Key|Override|Spec|kubeconfig)$/.test(name)) return 'file';
  if (/(baseurl|Server|Url)$/.test(name)) return 'url';
  if (/(port|Port|concurrency|Attempts)$/.test(name)) return 'number';
  return 'value';
}

async function serve(
  name: string,
  parts: readonly ('api' | 'worker')[],
  flags: Record<string, unknown>,
): Promise<void> {
  const settings = readSettings({ flags: settingsOf(flags), env: process.env });
  const root = createLogger({ format: settings.logFormat, debug: settings.debug });
  const log = root.child({ logger: name });
  log.info({ version }, `skipper ${name} is starting`);
  log.debug({ settings: redactSettings(settings) }, 'settings');
  if (settings.debug) log.warn("--debug: the Kubernetes API server's certificate is not verified");
  const core = await openCore(settings, root);
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
  const exitCode = await runUntilSignal(running, log);
  log.info('stopped');
  process.exit(exitCode);
}

/** Commander names a flag as the setting is named, but for upstream's `--use-apiextensionsv1-crd`. */
function settingsOf(flags: Record<string, unknown>): Partial<Record<SettingName, unknown>> {
  const known = new Set<string>(SETTING_NAMES);
  return Object.fromEntries(Object.entries(flags).filter(([name]) => known.has(name)));
}

function fail(error: unknown): never {
  const expected = error instanceof ConfigurationError || error instanceof SkipperError;
  console.error(
    `skipper: ${expected ? messageOf(error) : String(error instanceof Error ? error.stack : error)}`,
  );
  process.exit(1);
}
