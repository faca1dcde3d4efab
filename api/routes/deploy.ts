import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PlanView } from '../../domain/deploy/plan-view.ts';
import { ServerPlan } from '../../domain/deploy/server-plan.ts';
import { Problem } from '../../domain/problem.ts';
import { RolloutView } from '../../domain/rollout/rollout-view.ts';
import type { AcceptedRollout } from '../../shared/deploy-service.ts';
import { HttpProblem } from '../problem.ts';
import { readQuery } from '../read-query.ts';
import { type Answer, type Call, route } from '../route.ts';
import { DEPLOYS } from '../route-bounds.ts';
import { DeployBody } from '../schemas.ts';
import { CLIENT_HEADER, triggerOf } from '../trigger-of.ts';
import { rolloutView } from '../views.ts';

const PlanAnswer = z.union([PlanView, ServerPlan]).meta({ id: 'PlanAnswer' });
const StartQuery = z.object({ dryRun: z.enum(['server'], { error: 'must be server' }).optional() });

const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/);

export const deployRoute = route<DeployBody>({
  method: 'post',
  path: '/api/deploy',
  operationId: 'deploy',
  summary: 'Deploy FDD to the named namespaces, or to all of them',
  mutates: true,
  body: DeployBody,
  headers: {
    ...CLIENT_HEADER,
    'Idempotency-Key': {
      description: 'Makes it safe to repeat the request: the same key deploys once, within 24 hours',
      schema: IdempotencyKey,
    },
  },
  query: {
    dryRun:
      '`server`: tries every write in the dry run of the API server, and returns a plan that can be carried out',
  },
  bounds: DEPLOYS,
  responses: {
    200: { description: 'Dry run: the plan', schema: PlanAnswer },
    202: {
      description: 'Accepted: the rollout, with one target per namespace',
      schema: RolloutView,
      headers: {
        Location: 'The path of the rollout',
        'Idempotency-Replayed': '`true` if the key was known: the rollout is that of the first request',
      },
    },
    404: { description: 'The plan does not exist, or has expired', schema: Problem },
    409: {
      description:
        'The fleet has changed since the plan was made; `errors` has the differences. Nothing was requested',
      schema: Problem,
    },
    400: { description: 'The request is invalid; `errors` names the field', schema: Problem },
    415: { description: 'The body is not JSON', schema: Problem },
    422: { description: 'The Idempotency-Key was already used for another request', schema: Problem },
    503: {
      description:
        'Redis or the cluster is unavailable: nothing was requested, or it is unknown (`detail` says so): retry with the same Idempotency-Key',
      schema: Problem,
    },
  },
  handle: start,
});

async function start(call: Call<DeployBody>): Promise<Answer> {
  const { plan, dry_run: isDryRun } = call.body;
  if (readQuery(StartQuery, call.query).dryRun === 'server') return tryOnServer(call);
  if (plan !== undefined) return carryOut(call, plan);
  return isDryRun ? dryRun(call) : deploy(call);
}

async function tryOnServer({ plans, body, headers, caller }: Call<DeployBody>): Promise<Answer> {
  const { namespaces, strategy, reason } = body;
  const origin = { trigger: triggerOf(headers), requestedBy: caller };
  const question = { namespaces, strategy, reason, forceBootstrap: isForced(body), ...origin };
  return { status: 200, body: await plans.make(question) };
}

async function carryOut({ plans, headers, caller, base }: Call<DeployBody>, plan: string): Promise<Answer> {
  return toAnswer(await plans.carryOut(plan, { trigger: triggerOf(headers), requestedBy: caller }), base);
}

async function deploy({ service, body, headers, caller, rawBody, base }: Call<DeployBody>): Promise<Answer> {
  const accepted = await service.request({
    namespaces: body.namespaces,
    forceBootstrap: isForced(body),
    trigger: triggerOf(headers),
    requestedBy: caller,
    strategy: body.strategy,
    reason: body.reason,
    idempotency: idempotencyOf(headers['idempotency-key'], rawBody),
  });
  return toAnswer(accepted, base);
}

function toAnswer(accepted: AcceptedRollout, base: string): Answer {
  const view = rolloutView(accepted.rollout, accepted.targets, base);
  const { self = '' } = view.links;
  return {
    status: 202,
    body: view,
    headers: { location: self, ...(accepted.replayed ? { 'idempotency-replayed': 'true' } : {}) },
  };
}

async function dryRun({ service, body }: Call<DeployBody>): Promise<Answer> {
  const targets = await service.plan({ namespaces: body.namespaces, forceBootstrap: isForced(body) });
  const counts: Record<string, number> = {};
  for (const { action } of targets) counts[action] = (counts[action] ?? 0) + 1;
  const shown = targets.map(({ release: _, steps, ...target }) =>
    body.omit_steps ? target : { ...target, steps },
  );
  return { status: 200, body: { dryRun: true, counts, targets: shown } };
}

function isForced(body: DeployBody): boolean {
  return body.force_bootstrap ?? body['force-bootstrap'] ?? false;
}

function idempotencyOf(header: string | undefined, rawBody: string) {
  if (header === undefined) return undefined;
  if (!IdempotencyKey.safeParse(header).success) {
    const message = 'must be 1 to 255 printable characters without spaces';
    throw new HttpProblem(400, 'bad_request', `Idempotency-Key ${message}`, {
      errors: [{ field: 'Idempotency-Key', message }],
    });
  }
  return { key: header, fingerprint: createHash('sha256').update(rawBody).digest('hex') };
}
