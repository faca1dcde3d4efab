import { Problem } from '../../domain/problem.ts';
import { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { actorOf } from '../actor-of.ts';
import { route } from '../route.ts';
import { DEPLOYS } from '../route-bounds.ts';
import { RollbackBody } from '../schemas.ts';
import { CLIENT_HEADER, triggerOf } from '../trigger-of.ts';
import { rolloutView } from '../views.ts';

export const rollbackRoute = route<RollbackBody>({
  method: 'post',
  path: '/api/rollouts/:id/rollback',
  operationId: 'rollBackRollout',
  summary: 'Return the namespaces of a rollout to their earlier releases, and hold them there',
  mutates: true,
  body: RollbackBody,
  headers: CLIENT_HEADER,
  bounds: DEPLOYS,
  responses: {
    202: {
      description: 'Accepted: the new rollout. Targets that are left alone are `cancelled`, with the reason',
      schema: RolloutView,
      headers: { Location: 'The path of the new rollout' },
    },
    404: { description: 'The rollout does not exist', schema: Problem },
    409: { description: 'No namespace can be rolled back; `detail` has the reasons', schema: Problem },
  },
  handle: async ({ rollBack, params: { id = '' }, body, base, ...call }) => {
    const { reason, ...wanted } = body;
    const operator = { ...actorOf(call), reason };
    const trigger = triggerOf(call.headers);
    const { rollout, targets } = await rollBack({ id, operator, trigger, ...wanted });
    const view = rolloutView(rollout, targets, base);
    return { status: 202, body: view, headers: { location: view.links.self ?? '' } };
  },
});
