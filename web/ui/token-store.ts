import { basePath } from '../server-url.ts';

/** One per Skipper: another one can be on the same host. */
const keyOf = () => `skipper-token${basePath()}`;

/** The API's token, kept until the tab is closed; never in a cookie or a URL. */
export function readToken(): string {
  return sessionStorage.getItem(keyOf()) ?? '';
}

export function writeToken(token: string): void {
  sessionStorage.setItem(keyOf(), token);
}
