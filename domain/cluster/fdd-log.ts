/** How FDD writes its log: `[2026-11-23 05:40:11,123|  ERROR] message [logger|thread]`, with a traceback below. */

const ERROR_LENGTH = 300;

/** The most useful line of the error: the end of the last ERROR entry. */
export function errorIn(logs: readonly string[]): string | undefined {
  const entry = logs.findLast(isErrorLine);
  const [first = '', ...rest] = entry?.split('\n').filter((line) => line.trim() !== '') ?? [];
  const message = rest.at(-1) ?? first.replace(/^\[[^\]]*\]\s*/, '').replace(/\s*\[[^\]]*\]$/, '');
  return message.trim().slice(0, ERROR_LENGTH) || undefined;
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
