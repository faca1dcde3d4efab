export type Theme = 'system' | 'light' | 'dark';

const COOKIE = 'skipper-theme';
const ONE_YEAR_SECONDS = 31_536_000;

/** A cookie, not local storage: the server can render the right theme, so that the page does not flash. */
export function readTheme(cookies: string): Theme {
  const value = new RegExp(`(?:^|;\\s*)${COOKIE}=(light|dark)(?:;|$)`).exec(cookies)?.[1];
  return (value as Theme | undefined) ?? 'system';
}

/** Only for this Skipper: another one can be on the same host. */
export function themeCookie(theme: Theme, basePath: string): string {
  const age = theme === 'system' ? 0 : ONE_YEAR_SECONDS;
  return `${COOKIE}=${theme}; path=${basePath}/; max-age=${age}; samesite=lax`;
}
