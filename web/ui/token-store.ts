const KEY = 'skipper-token';

/** The API's token, kept until the tab is closed; never in a cookie or a URL. */
export function readToken(): string {
  return sessionStorage.getItem(KEY) ?? '';
}

export function writeToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}
