import { z } from 'zod';
import type { Trigger } from '../domain/rollout/rollout.ts';
import type { RouteHeader } from './route.ts';

export const CLIENT_HEADER: Readonly<Record<string, RouteHeader>> = {
  'X-Skipper-Client': {
    description: 'Who makes the request: `cli` for the command line; the trigger of the rollout',
    schema: z.string(),
  },
};

/** What a request of a person is made with. */
export function triggerOf(headers: Readonly<Record<string, string | undefined>>): Trigger {
  return headers['x-skipper-client'] === 'cli' ? 'cli' : 'api';
}
