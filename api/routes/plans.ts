import { ServerPlan } from '../../domain/deploy/server-plan.ts';
import { Problem } from '../../domain/problem.ts';
import { route } from '../route.ts';

export const planRoute = route({
  method: 'get',
  path: '/api/plans/:id',
  operationId: 'getPlan',
  summary: 'A plan that the API server has tried, and that can be carried out',
  mutates: false,
  responses: {
    200: { description: 'The plan', schema: ServerPlan },
    404: { description: 'The plan does not exist, or has expired', schema: Problem },
  },
  handle: async ({ plans, params: { id = '' } }) => ({ status: 200, body: await plans.read(id) }),
});
