import { type ApiClient, createApiClient } from '../client/api-client.ts';

/** The API that has served this page. */
export function browserClient(token?: string): ApiClient {
  return createApiClient({
    server: location.origin,
    token: token || undefined,
    // We ask for the token ourselves: without this the browser would, too.
    headers: { 'x-requested-with': 'skipper' },
  });
}
