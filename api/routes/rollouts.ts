import { Problem } from '../../domain/problem.ts';
import { RolloutList, RolloutView } from '../../domain/rollout/rollout-view.ts';
import { HttpProblem } from '../problem.ts';
import { route } from '../route.ts';
import { rolloutHead, rolloutView } from '../views.ts';
import { withholdEvidence } from '../withhold.ts';

const LISTED = 50;

export const rolloutRoute = route({
  method: 'get',
  path: '/api/rollouts/:id',
  operationId: 'getRollout',
  summary: 'One rollout, with the state of every target',
  mutates: false,
  showsMoreWithToken: true,
  // One target per namespace: megabytes for thousands of them.
  bounds: { what: 'readings of rollouts', atOnce: 2, waiting: 62 },
  responses: {
    200: { description: 'The rollout', schema: RolloutView },
    404: { description: 'The rollout does not exist', schema: Problem },
  },
  handle: async ({ state, isTrusted, base, params: { id = '' } }) => {
    const known = await state.rollout(id);
    if (!known) throw new HttpProblem(404, 'not_found', `rollout "${id}" does not exist`);
    const view = rolloutView(known.rollout, known.targets, base, known.status);
    return { status: 200, body: isTrusted ? view : withholdEvidence(view) };
  },
});

export const rolloutsRoute = route({
  method: 'get',
  path: '/api/rollouts',
  operationId: 'listRollouts',
  summary: `The latest ${LISTED} rollouts, newest first`,
  mutates: false,
  responses: { 200: { description: 'The rollouts, without their targets', schema: RolloutList } },
  handle: async ({ state, base }) => {
    const known = await state.rolloutsWithCounts(LISTED);
    const rollouts = known.map((each) => rolloutHead(each, base));
    return { status: 200, body: { rollouts } };
  },
});
