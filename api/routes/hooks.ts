import { z } from 'zod';
import { parseJson } from '../../domain/parse-json.ts';
import { Problem } from '../../domain/problem.ts';
import { route } from '../route.ts';
import { HOOKS } from '../route-bounds.ts';
import { HookAccepted } from '../schemas.ts';

const Announced = z.object({ channel: z.string().max(200) });

export const releaseHookRoute = route({
  method: 'post',
  path: '/api/hooks/release',
  operationId: 'announceRelease',
  summary:
    'Announce a release: the channels are checked at once. Signed as Standard Webhooks specifies, instead of the token',
  mutates: false,
  signed: true,
  bounds: HOOKS,
  headers: {
    'webhook-id': { description: 'The same for each try; a repeated one does nothing', schema: z.string() },
    'webhook-timestamp': {
      description: 'Seconds since the epoch, at most 5 minutes off',
      schema: z.string(),
    },
    'webhook-signature': {
      description:
        '`v1,` and the base64 of HMAC-SHA256 over ID.TIMESTAMP.BODY, with the secret of --hook-secret-file',
      schema: z.string(),
    },
  },
  responses: {
    202: { description: 'A worker checks the channels, or has been asked to before', schema: HookAccepted },
    401: { description: 'The signature is missing, wrong, or too old', schema: Problem },
    404: { description: 'The hook is off: there is no --hook-secret-file', schema: Problem },
  },
  handle: async ({ releaseHook, headers, rawBody, caller, log }) => {
    const { channel } = Announced.safeParse(parseJson(rawBody)).data ?? {};
    const isNew = await releaseHook.accept({ id: headers['webhook-id'] ?? '', from: caller, channel });
    log.info({ by: caller, channel, repeated: !isNew }, 'a release was announced');
    return { status: 202, body: { repeated: !isNew } };
  },
});
