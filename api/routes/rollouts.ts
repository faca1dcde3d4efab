import { z } from 'zod';
import { Problem } from '../../domain/problem.ts';
import { type EstimatedTarget, type Eta, estimateRollout } from '../../domain/rollout/estimate-rollout.ts';
import {
  countTargets,
  isOpen,
  TARGET_STATES,
  TargetState,
  TRIGGERS,
  Trigger,
} from '../../domain/rollout/rollout.ts';
import { shownState, type TargetPlan } from '../../domain/rollout/rollout-status.ts';
import { RolloutList, RolloutView } from '../../domain/rollout/rollout-view.ts';
import { viewWaves } from '../../domain/rollout/view-waves.ts';
import { readReleases } from '../../shared/read-releases.ts';
import type { CountedRollout, StoredTargets } from '../../shared/state/rollouts.ts';
import { HttpProblem } from '../problem.ts';
import { readQuery, wholeNumber } from '../read-query.ts';
import { type RouteServices, route } from '../route.ts';
import { rolloutHead, targetView } from '../views.ts';
import { withholdEvidence } from '../withhold.ts';

const LISTED = 50;
const MAX_LISTED = 500;
const MAX_TARGETS = 100_000;

const state = z.enum(TARGET_STATES, { error: `must be one of ${TARGET_STATES.join(', ')}` }).optional();

const TargetQuery = z.object({
  limit: wholeNumber(1, MAX_TARGETS).optional(),
  offset: wholeNumber(0, MAX_TARGETS).default(0),
  state,
});
export type TargetQuery = z.infer<typeof TargetQuery>;

export const rolloutRoute = route({
  method: 'get',
  path: '/api/rollouts/:id',
  operationId: 'getRollout',
  summary: 'One rollout, with its waves, its timeline, and the state of every target',
  mutates: false,
  showsMoreWithToken: true,
  query: {
    state: `Only the targets in this state: ${TARGET_STATES.join(', ')}`,
    limit: 'How many targets; default: all',
    offset: 'How many targets to leave out before them; default: 0',
  },
  // One target per namespace: megabytes for thousands of them.
  bounds: { what: 'readings of rollouts', atOnce: 2, waiting: 62 },
  responses: {
    200: { description: 'The rollout; targets are sorted by name', schema: RolloutView },
    404: { description: 'The rollout does not exist', schema: Problem },
  },
  handle: async ({ state: store, isTrusted, base, query, params: { id = '' } }) => {
    const wanted = readQuery(TargetQuery, query);
    const known = await store.rollout(id);
    if (!known) throw new HttpProblem(404, 'not_found', `rollout "${id}" does not exist`);
    const view = await describeRollout(store, known, wanted, base);
    return { status: 200, body: isTrusted ? view : withholdEvidence(view) };
  },
});

/** A rollout with some of its targets. */
export async function describeRollout(
  store: RouteServices['state'],
  { rollout, status, targets }: StoredTargets,
  { limit, offset, state: wanted }: TargetQuery,
  base: string,
): Promise<RolloutView> {
  const { id } = rollout;
  const [plans, events, durations] = await Promise.all([
    store.rolloutPlans(id),
    store.rolloutEvents(id),
    store.recentDurations(),
  ]);
  const shown = [...targets]
    .filter(([, target]) => wanted === undefined || target.state === wanted)
    .slice(offset, limit === undefined ? undefined : offset + limit);
  const versions = await previousVersions(
    store,
    shown.flatMap(([namespace]) => plans.get(namespace) ?? []),
  );
  return {
    ...rolloutHead({ rollout, counts: countTargets(targets.values()), status }, base),
    waves: viewWaves({ rollout, status, targets, plans }, Date.now()),
    events,
    eta: etaOf({ rollout, status, targets }, plans, durations),
    targets: shown.map(([namespace, target]) => {
      const plan = plans.get(namespace);
      return targetView({ namespace, target, plan, previousVersion: versions.get(plan?.previous) }, base);
    }),
  };
}

/** Of a rollout that runs; while it is paused, nobody knows. */
function etaOf(
  { rollout, status, targets }: StoredTargets,
  plans: ReadonlyMap<string, TargetPlan>,
  durations: readonly number[],
): Eta | undefined {
  const isRunning = status?.state === 'pending' || status?.state === 'running';
  if (!isRunning || rollout.strategy === undefined) return undefined;
  const estimated = [...targets].map(([namespace, { state, startedAt, finishedAt }]): EstimatedTarget => {
    const { wave = 0 } = plans.get(namespace) ?? {};
    const verifiedAt = state === 'completed' ? finishedAt : undefined;
    return { wave, isOpen: isOpen(state), startedAt, verifiedAt };
  });
  return estimateRollout(estimated, rollout.strategy, durations, Date.now());
}

/** By key of the release. */
async function previousVersions(
  store: RouteServices['state'],
  plans: readonly TargetPlan[],
): Promise<ReadonlyMap<string | undefined, string>> {
  const releases = await readReleases(
    store,
    plans.flatMap(({ previous }) => previous ?? []),
  );
  return new Map([...releases].map(([key, { version }]) => [key, version]));
}

const ListQuery = z.object({
  state,
  trigger: z.enum(TRIGGERS, { error: `must be one of ${TRIGGERS.join(', ')}` }).optional(),
  requestedBy: z.string({ error: 'must be given once' }).optional(),
  limit: wholeNumber(1, MAX_LISTED).default(LISTED),
  before: z.string({ error: 'must be given once' }).optional(),
});
export type ListQuery = z.infer<typeof ListQuery>;

export const rolloutsRoute = route({
  method: 'get',
  path: '/api/rollouts',
  operationId: 'listRollouts',
  summary: 'The rollouts, newest first, filtered and paged',
  mutates: false,
  query: {
    state: `Only rollouts in this state: ${TargetState.options.join(', ')}`,
    trigger: `Only rollouts of this trigger: ${Trigger.options.join(', ')}`,
    requestedBy: 'Only rollouts that this caller requested',
    limit: `How many, at most ${MAX_LISTED}; default: ${LISTED}`,
    before: 'The id of a rollout: only older ones; `next` of the page before',
  },
  responses: {
    200: { description: 'The rollouts, without their targets', schema: RolloutList },
    400: { description: 'The query is invalid; `errors` names the parameter', schema: Problem },
  },
  handle: async ({ state: store, base, query }) => {
    const { rollouts, next } = await findRollouts(store, readQuery(ListQuery, query));
    return { status: 200, body: { rollouts: rollouts.map((each) => rolloutHead(each, base)), next } };
  },
});

/** A filter is applied to this many at once. */
const PAGE = 200;
/** So many are read for one answer: with a filter that few fit, a page can be short although more follow. */
const MAX_READ = 2_000;

/** The rollouts that fit, newest first, and where the next page begins. Throws if `before` is not stored. */
export async function findRollouts(
  store: RouteServices['state'],
  query: ListQuery,
): Promise<{ rollouts: readonly CountedRollout[]; next?: string | undefined }> {
  const isFiltered = [query.state, query.trigger, query.requestedBy].some((each) => each !== undefined);
  const size = isFiltered ? PAGE : query.limit;
  const rollouts: CountedRollout[] = [];
  let { before } = query;
  for (let read = 0; read < MAX_READ; read += size) {
    const page = await store.rolloutPage(size, before);
    if (page === undefined) throw unknownBefore(before);
    const found = page.rollouts.filter((each) => fits(each, query));
    rollouts.push(...found.slice(0, query.limit - rollouts.length));
    const isFull = rollouts.length === query.limit;
    if (isFull) return { rollouts, next: nextOf(rollouts, page) };
    if (page.last === undefined) return { rollouts };
    before = page.last;
  }
  return { rollouts, next: before };
}

/** Nothing follows the last rollout of the last page. */
function nextOf(
  rollouts: readonly CountedRollout[],
  page: { readonly rollouts: readonly CountedRollout[]; readonly last?: string | undefined },
): string | undefined {
  const id = rollouts.at(-1)?.rollout.id;
  return page.last === undefined && page.rollouts.at(-1)?.rollout.id === id ? undefined : id;
}

function fits({ rollout, counts, status }: CountedRollout, query: ListQuery): boolean {
  const { trigger, requestedBy } = query;
  return (
    (trigger === undefined || rollout.trigger === trigger) &&
    (requestedBy === undefined || rollout.requestedBy === requestedBy) &&
    (query.state === undefined || shownState(rollout, counts, status) === query.state)
  );
}

function unknownBefore(before = ''): HttpProblem {
  const message = `"${before}" is not a stored rollout: leave it out to begin with the newest`;
  return new HttpProblem(400, 'bad_request', `before ${message}`, {
    errors: [{ field: 'before', message }],
  });
}
