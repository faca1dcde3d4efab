import { z } from 'zod';
import { HEALING_STATES } from '../../domain/heal/healing.ts';
import {
  HealCommandView,
  HealingList,
  QuarantineList,
  ReleasedFromQuarantine,
} from '../../domain/heal/healing-view.ts';
import { isStalePass } from '../../domain/heal/is-stale-pass.ts';
import { countStates, listHealing, parseCursor } from '../../domain/heal/list-healing.ts';
import { RULES } from '../../domain/heal/rule.ts';
import { Problem } from '../../domain/problem.ts';
import type { HealCommands } from '../../shared/heal-commands.ts';
import { actorOf } from '../actor-of.ts';
import { readQuery, wholeNumber } from '../read-query.ts';
import { type RouteServices, route } from '../route.ts';
import { QuarantineReleaseBody, ReasonBody } from '../schemas.ts';
import { CLIENT_HEADER } from '../trigger-of.ts';

const LISTED = 100;
const MAX_LISTED = 1_000;

const once = z.string({ error: 'must be given once' }).optional();

const HealingQuery = z.object({
  rule: z.enum(RULES, { error: `must be one of ${RULES.join(', ')}` }).optional(),
  state: z.enum(HEALING_STATES, { error: `must be one of ${HEALING_STATES.join(', ')}` }).optional(),
  namespace: once,
  limit: wholeNumber(1, MAX_LISTED).default(LISTED),
  cursor: once.refine((cursor) => cursor === undefined || parseCursor(cursor) !== undefined, {
    error: 'must be `next` of the page before',
  }),
});
export type HealingQuery = z.infer<typeof HealingQuery>;

export const healingRoute = route({
  method: 'get',
  path: '/api/healing',
  operationId: 'getHealing',
  summary: 'The latest pass of healing, and the namespaces that are not well, worst first',
  mutates: false,
  query: {
    rule: `Only namespaces in which this rule holds: ${RULES.join(', ')}`,
    state: `Only namespaces in this state: ${HEALING_STATES.join(', ')}`,
    namespace: 'Only namespaces whose name contains this',
    limit: `How many, at most ${MAX_LISTED}; default: ${LISTED}`,
    cursor: '`next` of the page before',
  },
  // All that is stored is read, to sort it: megabytes if thousands are not well.
  bounds: { what: 'readings of healing', atOnce: 2, waiting: 62 },
  responses: {
    200: { description: 'The latest pass, and one page of namespaces', schema: HealingList },
    400: { description: 'The query is invalid; `errors` names the parameter', schema: Problem },
  },
  handle: async ({ state, query }) => ({
    status: 200,
    body: await findHealing(state, readQuery(HealingQuery, query)),
  }),
});

type Store = Pick<RouteServices['state'], 'healing' | 'healingStatus'>;

export async function findHealing(
  store: Store,
  { limit, cursor, ...filter }: HealingQuery,
): Promise<HealingList> {
  const [status, stored] = await Promise.all([store.healingStatus(), store.healing()]);
  return {
    status: status ?? null,
    isStale: isStalePass(status, Date.now()),
    states: countStates(stored),
    ...listHealing(stored, filter, { limit, cursor }),
  };
}

export const quarantineRoute = route({
  method: 'get',
  path: '/api/quarantine',
  operationId: 'listQuarantine',
  summary: 'The namespaces that healing has given up, with the evidence and what was tried',
  mutates: false,
  responses: { 200: { description: 'By namespace', schema: QuarantineList } },
  handle: async ({ state }) => ({
    status: 200,
    body: { namespaces: listQuarantine(await state.healing()) },
  }),
});

/** By name. */
function listQuarantine(stored: Awaited<ReturnType<Store['healing']>>): QuarantineList['namespaces'] {
  return [...stored]
    .flatMap(([namespace, { quarantine, steps }]) =>
      quarantine === undefined ? [] : [{ namespace, ...quarantine, steps }],
    )
    .sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
}

export const stopHealingRoute = commandRoute(
  'stop',
  'Stop healing: nothing is repaired until a person resumes it',
);

export const resumeHealingRoute = commandRoute(
  'resume',
  'Resume healing: what fell sick before does not stop it again',
);

function commandRoute(command: Exclude<keyof HealCommands, 'release'>, summary: string) {
  return route<ReasonBody>({
    method: 'post',
    path: `/api/healing/${command}`,
    operationId: `${command}Healing`,
    summary,
    mutates: true,
    headers: CLIENT_HEADER,
    body: ReasonBody,
    responses: { 200: { description: 'Done: the status of healing now', schema: HealCommandView } },
    handle: async ({ healing, body: { reason }, ...call }) => ({
      status: 200,
      body: await healing[command]({ ...actorOf(call), reason }),
    }),
  });
}

export const releaseQuarantineRoute = route<QuarantineReleaseBody>({
  method: 'post',
  path: '/api/quarantine/release',
  operationId: 'releaseFromQuarantine',
  summary: 'Release namespaces from quarantine: their repair begins again with its first step',
  mutates: true,
  headers: CLIENT_HEADER,
  body: QuarantineReleaseBody,
  responses: {
    200: {
      description: 'Which were released, and which were not in quarantine',
      schema: ReleasedFromQuarantine,
    },
  },
  handle: async ({ healing, body: { reason, namespaces }, ...call }) => ({
    status: 200,
    body: await healing.release({ ...actorOf(call), reason, namespaces }),
  }),
});
