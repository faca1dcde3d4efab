import { type Command, Option } from 'commander';
import {
  ConfigurationError,
  flagOf,
  isFlag,
  readSettings,
  SETTING_NAMES,
  type SettingName,
  Settings,
  variableOf,
} from '../shared/config.ts';
import { describeForeignFlags, isReadBy, type ProcessName } from '../shared/setting-readers.ts';

/** Adds one flag per setting to the command of a process; its help lists those that the process reads. */
export function withSettings(command: Command, process: ProcessName): Command {
  for (const name of SETTING_NAMES) command.addOption(optionOf(name).hideHelp(!isReadBy(process, name)));
  return command;
}

function optionOf(name: SettingName): Option {
  const short = name === 'configFile' ? '-c, ' : '';
  const value = isFlag(name) ? '' : ` <${valueName(name)}>`;
  const { description = '' } = Settings.shape[name];
  const byDefault = Settings.shape[name].safeParse(undefined).data;
  const isUnset = byDefault === undefined || byDefault === false || String(byDefault) === '';
  const shown = isUnset ? '' : ` (default: ${String(byDefault)})`;
  const option = new Option(
    `${short}--${flagOf(name)}${value}`,
    `${description}${shown} [$${variableOf(name)}]`,
  );
  // Commander treats --no-proxy as the opposite of --proxy, and ignores its value.
  option.negate = false;
  return option;
}

function valueName(name: SettingName): string {
  if (/(HourlyCap|Share)$/.test(name)) return 'number or %';
  if (/(Interval|Timeout|Deadline|Base|Cap|Period|Backoff|deafAfter)$/.test(name)) return 'seconds';
  if (/(File|Cert|Key|Override|Spec|kubeconfig)$/.test(name)) return 'file';
  if (/(baseurl|Server|Url)$/.test(name)) return 'url';
  if (/(port|Port|concurrency|Attempts)$/.test(name)) return 'number';
  return 'value';
}

/** The settings of a process; throws a ConfigurationError if they are invalid. */
export function settingsFrom(
  process: ProcessName,
  flags: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
): Settings {
  const given = settingsOf(flags);
  const foreign = describeForeignFlags(process, Object.keys(given) as SettingName[]);
  if (foreign.length > 0) throw new ConfigurationError(foreign.join('\n'));
  return readSettings({ flags: given, env });
}

/** Commander's flag names are the names of the settings, except upstream's `--use-apiextensionsv1-crd`. */
function settingsOf(flags: Record<string, unknown>): Partial<Record<SettingName, unknown>> {
  const known = new Set<string>(SETTING_NAMES);
  return Object.fromEntries(Object.entries(flags).filter(([name]) => known.has(name)));
}
