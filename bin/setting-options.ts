import { type Command, Option } from 'commander';
import {
  flagOf,
  isFlag,
  readSettings,
  SETTING_NAMES,
  type SettingName,
  Settings,
  variableOf,
} from '../shared/config.ts';

/** Adds one flag per setting to a command. */
export function withSettings(command: Command): Command {
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

/** The settings of a command; throws a ConfigurationError if they are invalid. */
export function settingsFrom(flags: Record<string, unknown>, env: NodeJS.ProcessEnv): Settings {
  return readSettings({ flags: settingsOf(flags), env });
}

/** Commander's flag names are the names of the settings, except upstream's `--use-apiextensionsv1-crd`. */
function settingsOf(flags: Record<string, unknown>): Partial<Record<SettingName, unknown>> {
  const known = new Set<string>(SETTING_NAMES);
  return Object.fromEntries(Object.entries(flags).filter(([name]) => known.has(name)));
}
