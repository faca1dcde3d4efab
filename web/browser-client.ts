import { type ApiClient, createApiClient } from '../client/api-client.ts';
import { serverUrl } from './server-url.ts';

/** The API that has served this page. */
export function browserClient(token?: string): ApiClient {
  return createApiClient({
    server: serverUrl(),
    token: token || undefined,
    // The page prompts for the token: without this header, the browser would, too.
    headers: { 'x-requested-with': 'skipper' },
  });
}
