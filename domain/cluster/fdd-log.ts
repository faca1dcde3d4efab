import * as z from 'zod';
import { parseJson } from '../parse-json.ts';

/**
 * FDD's log format: `[2026-11-23 05:40:11,123|  ERROR] message [logger|thread]`, followed by the traceback; with
 * `log-format: json` one object per line.
 */

const ERROR_LENGTH = 300;

/** The most useful line of the error: the end of the last ERROR entry. */
export function errorIn(logs: readonly string[]): string | undefined {
  const entry = logs.findLast(isErrorLine);
  const [first = '', ...rest] = entry?.split('\n').filter((line) => line.trim() !== '') ?? [];
  const message = rest.at(-1) ?? first.replace(/^\[[^\]]*\]\s*/, '').replace(/\s*\[[^\]]*\]$/, '');
  return message.trim().slice(0, ERROR_LENGTH) || undefined;
}

/** The same for a log in one string, such as a pod's. */
export function errorInText(log: string): string | undefined {
  return errorIn(log.split(/\n(?=\[[^\]|]*\|\s*[A-Z]+\])/));
}

const JsonEntry = z.object({
  level: z.string(),
  message: z.string(),
  '@timestamp': z.string().optional(),
  logger: z.string().optional(),
  thread: z.string().optional(),
  throwable: z.string().nullish(),
});

/** Converts a JSON entry to FDD's plain format; other lines are unchanged. */
export function plainLine(line: string): string {
  if (!line.trimStart().startsWith('{')) return line;
  const entry = JsonEntry.safeParse(parseJson(line)).data;
  if (!entry) return line;
  const { level, message, '@timestamp': time = '', logger = '', thread = '', throwable } = entry;
  const first = `[${time}|${level.padStart(7)}] ${message} [${logger}|${thread}]`;
  return throwable ? `${first}\n${throwable.trimEnd()}` : first;
}

export function plainLog(log: string): string {
  return log.split('\n').map(plainLine).join('\n');
}

export function isErrorLine(line: string): boolean {
  return /\bERROR\]/.test(line);
}

export function isInfoLine(line: string): boolean {
  return /\bINFO\]/.test(line);
}

/** True if FDD logged that a request of it was forbidden. */
export function reportsForbidden(logs: readonly string[]): boolean {
  return logs.some((line) => /\bforbidden\b|\b403\b/i.test(line));
}
