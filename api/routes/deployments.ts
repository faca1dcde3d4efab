import { HttpProblem } from '../problem.ts';
import { route } from '../route.ts';
import { Problem, RolloutList, RolloutView } from '../schemas.ts';
import { rolloutView } from '../views.ts';

const LISTED = 50;

export const deploymentRoute = route({
  method: 'get',
  path: '/api/deployments/:id',
  operationId: 'getDeployment',
  summary: 'One rollout, with the state of every target',
  mutates: false,
  responses: {
    200: { description: 'The rollout', schema: RolloutView },
    404: { description: 'There is no such rollout', schema: Problem },
  },
  handle: async ({ core, params: { id = '' } }) => {
    const known = await core.state.rollout(id);
    if (!known) throw new HttpProblem(404, 'not_found', `there is no rollout "${id}"`);
    return { status: 200, body: rolloutView(known.rollout, known.targets) };
  },
});

export const deploymentsRoute = route({
  method: 'get',
  path: '/api/deployments',
  operationId: 'listDeployments',
  summary: `The latest ${LISTED} rollouts, newest first`,
  mutates: false,
  responses: { 200: { description: 'The rollouts, without their targets', schema: RolloutList } },
  handle: async ({ core }) => {
    const ids = await core.state.rollouts(LISTED);
    const known = await Promise.all(ids.map((id) => core.state.rollout(id)));
    const rollouts = known
      .filter((each) => each !== undefined)
      .map(({ rollout, targets }) => rolloutView(rollout, targets))
      .map(({ targets: _targets, ...rest }) => rest);
    return { status: 200, body: { rollouts } };
  },
});
