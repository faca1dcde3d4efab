import type { Logger } from 'pino';
import { NO_RECEIVERS, type NotifyConfig, parseNotifyConfig } from '../../domain/notify/notify-config.ts';
import { noFile, type WatchedFile, watchFile } from '../watched-file.ts';
import { rememberUrl } from './remember-url.ts';

/** The receivers in use. */
export type NotifyConfigSource = WatchedFile<NotifyConfig>;

/** Reads the file of `--notifications`, again whenever it changes. Throws a ConfigurationError if it is wrong at the start. */
export function openNotifyConfig(
  path: string | undefined,
  log: Logger,
  { everyMs }: { readonly everyMs?: number } = {},
): NotifyConfigSource {
  if (path === undefined) return noFile(NO_RECEIVERS);
  return watchFile({
    path,
    name: 'file of receivers',
    short: 'file',
    flag: '--notifications',
    parse: (text) => {
      const result = parseNotifyConfig(text);
      if (result.ok) for (const { url } of result.content.receivers) if (url !== undefined) rememberUrl(url);
      return result;
    },
    log,
    everyMs,
  });
}
