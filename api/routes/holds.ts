import { holdEntries, releaseHoldEntries } from '../../domain/audit/namespace-entries.ts';
import { Problem } from '../../domain/problem.ts';
import { versionOf } from '../../domain/release/image.ts';
import type { Hold } from '../../domain/rollout/hold.ts';
import { HoldList, NamespaceHold } from '../../domain/rollout/rollout-view.ts';
import { actorOf } from '../actor-of.ts';
import { readNamespace } from '../namespace-details/read-namespace.ts';
import { HttpProblem } from '../problem.ts';
import { type Answer, type Call, type Route, type RouteServices, route } from '../route.ts';
import { PinBody, ReasonBody } from '../schemas.ts';

export const holdsRoute = route({
  method: 'get',
  path: '/api/holds',
  operationId: 'listHolds',
  summary: 'The namespaces that get no release automatically, and why',
  mutates: false,
  responses: { 200: { description: 'The holds and pins, by namespace', schema: HoldList } },
  handle: async ({ state }) => ({ status: 200, body: { holds: await listHolds(state) } }),
});

/** The holds of operators, by namespace. */
export async function listHolds(state: Pick<RouteServices['state'], 'holds'>): Promise<HoldList['holds']> {
  const holds = [...(await state.holds())].map(([namespace, hold]) => ({ namespace, ...hold }));
  return holds.sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
}

const RESPONSES: Route['responses'] = {
  200: { description: 'Done: what holds the namespace now', schema: NamespaceHold },
  404: { description: 'It is not a FIAAS namespace', schema: Problem },
};

export const holdNamespaceRoute = route<ReasonBody>({
  ...pathOf('hold'),
  summary: 'Hold a namespace: it gets no release automatically until it is released',
  body: ReasonBody,
  handle: async (call) => {
    await readNamespace(call, nameOf(call));
    return holdWith(call, {});
  },
});

export const pinNamespaceRoute = route<PinBody>({
  ...pathOf('pin'),
  summary: 'Pin a namespace to a version: it gets no other release automatically. Deploys nothing',
  body: PinBody,
  handle: async (call) => {
    const known = await readNamespace(call, nameOf(call));
    const { image } = known.application ?? known.deployment ?? {};
    const pin = call.body.version ?? (await verifiedVersion(call)) ?? (image && versionOf(image));
    if (pin === undefined) throw unknownVersion();
    return holdWith(call, { pin });
  },
});

export const releaseNamespaceRoute = route<ReasonBody>({
  ...pathOf('release'),
  summary: 'End the hold or pin of a namespace: the next release check treats it as any other',
  body: ReasonBody,
  // Also one that has left the fleet.
  handle: async (call) => {
    const namespace = nameOf(call);
    const { caller: by, body } = call;
    const entries = releaseHoldEntries([namespace], { at: Date.now(), reason: body.reason }, actorOf(call));
    const ended = await call.state.endHold([namespace], entries);
    if (ended === 0) await readNamespace(call, namespace);
    call.log.info({ namespace, by, reason: body.reason }, 'the hold of the namespace has ended');
    return { status: 200, body: { namespace } };
  },
});

function pathOf(command: string) {
  return {
    method: 'post' as const,
    path: `/api/namespaces/:namespace/${command}`,
    operationId: `${command}Namespace`,
    mutates: true,
    responses: RESPONSES,
  };
}

function nameOf({ params }: Pick<Call<unknown>, 'params'>): string {
  return params.namespace ?? '';
}

async function holdWith(call: Call<ReasonBody>, { pin }: Pick<Hold, 'pin'>): Promise<Answer> {
  const namespace = nameOf(call);
  const { reason } = call.body;
  const hold = { reason, by: call.caller, at: Date.now(), ...(pin === undefined ? {} : { pin }) };
  await call.state.hold([namespace], hold, holdEntries([namespace], hold, actorOf(call)));
  call.log.info({ namespace, ...hold }, 'the namespace is held');
  return { status: 200, body: { namespace, hold } };
}

/** The version that was verified there last. */
async function verifiedVersion(
  call: Pick<RouteServices, 'state'> & Pick<Call<unknown>, 'params'>,
): Promise<string | undefined> {
  const namespace = nameOf(call);
  const [key] = (await call.state.verifiedReleases([namespace])).get(namespace) ?? [];
  return key === undefined ? undefined : (await call.state.release(key))?.version;
}

function unknownVersion(): HttpProblem {
  const message = 'is missing, and what runs in the namespace is unknown: give a version';
  return new HttpProblem(400, 'bad_request', `version ${message}`, {
    errors: [{ field: 'version', message }],
  });
}
