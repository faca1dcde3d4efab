import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { createApp } from '../../../api/app.ts';
import type { FleetView } from '../../../api/fleet-view/fleet-view.ts';
import { openFleetView } from '../../../api/fleet-view/open-fleet-view.ts';
import { openApiDocument } from '../../../api/openapi.ts';
import { SkipperError } from '../../../domain/errors.ts';
import { invalid } from '../../../domain/release/result.ts';
import { webhookKey } from '../../../shared/notify/standard-webhooks.ts';
import { RolloutConflictError } from '../../../shared/rollout-commands.ts';
import { PlanMovedError } from '../../../shared/server-plans.ts';
import { aRollout, VERSION } from '../../support/builders.ts';
import { aBootstrap, aFailedAttempt, anAttempt } from '../../support/details-builders.ts';
import { createFakeCore, type FakeCoreOptions, silentFeed } from '../../support/fake-core.ts';

/**
 * Like schemathesis: every operation of the document gets requests made from its own schemas, good and bad, and may answer
 * only with what the document says. (No tool of npm does this for OpenAPI 3.1 and is maintained.)
 */

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Json }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> };
  readonly responses: Readonly<Record<string, Json>>;
  readonly security?: readonly Json[];
}

interface ResponseObject {
  readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>>;
  readonly headers?: Json;
}

const DOCUMENT = JSON.parse(JSON.stringify(openApiDocument('1.2.3'))) as Json & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'method' | 'path'>>>>>;
};
const OPERATIONS: readonly Operation[] = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...operation,
    method: method.toUpperCase(),
    path,
  })),
);

const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });
ajv.addSchema(DOCUMENT, 'document');

function resolve<Value>(value: Value | { readonly $ref: string }): Value {
  if (typeof value !== 'object' || value === null || !('$ref' in value)) return value as Value;
  const path = String(value.$ref).slice(2).split('/');
  return path.reduce<unknown>((node, part) => (node as Json)[part], DOCUMENT) as Value;
}

/** Why a body violates a schema; empty if it does not. */
function violations(schema: { readonly $ref: string }, body: unknown): string[] {
  const validate = ajv.getSchema(`document${schema.$ref}`) ?? ajv.compile({ $ref: `document${schema.$ref}` });
  if (validate(body)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const KNOWN_NAMES: Readonly<Record<string, string>> = {
  namespace: 'team-a',
  id: 'rollout-1',
  version: VERSION,
};
const TOKEN = 's3cret';
const HOOK_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
/** The same requests in every run. */
const RUNS = { seed: 10, numRuns: 30 };

interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends exactly what it is given: clients like fetch repair what should be wrong. */
function send(
  { port }: { readonly port: number },
  { method, path, headers, body }: SentRequest,
): Promise<Answer> {
  return new Promise((resolveAnswer, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      const end = () => resolveAnswer({ status: response.statusCode ?? 0, headers: response.headers, text });
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        // A stream does not end: its first event is enough.
        if (isStream(response) && text.includes('\ndata: ')) {
          end();
          sent.destroy();
        }
      });
      response.once('end', end);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function isStream({ headers }: { readonly headers: IncomingMessage['headers'] }): boolean {
  return String(headers['content-type']).startsWith('text/event-stream');
}

function bodyOf(answer: Answer): unknown {
  if (String(answer.headers['content-type']).startsWith('text/csv')) return answer.text;
  if (!isStream(answer)) return JSON.parse(answer.text);
  return JSON.parse(/\ndata: (.*)/.exec(answer.text)?.[1] ?? '');
}

/** What an answer shows that the document does not say. */
function undocumented(operation: Operation, { method }: SentRequest, answer: Answer): string[] {
  const { status, headers } = answer;
  const documented = operation.responses[String(status)];
  if (documented === undefined) return [`status ${status} is not documented: ${answer.text.slice(0, 300)}`];
  const { content, headers: named = {} } = resolve(documented) as unknown as ResponseObject;
  const type = String(headers['content-type']).split(';')[0] ?? '';
  const schema = content[type]?.schema;
  const missing = Object.keys(named)
    .filter((name) => name !== 'Idempotency-Replayed' && headers[name.toLowerCase()] === undefined)
    .map((name) => `${status} lacks ${name}`);
  if (schema === undefined) return [...missing, `${status} with ${type} is not documented`];
  const wrong = method === 'HEAD' ? [] : violations(schema, bodyOf(answer));
  return [...missing, ...wrong.map((violation) => `${status}: ${violation}`)];
}

/** Values that a schema allows. */
function allowed(schema: Json): fc.Arbitrary<unknown> {
  const { type, pattern, items, properties, additionalProperties, required, ...rest } = resolve(
    schema,
  ) as Json;
  const values = rest.const === undefined ? rest.enum : [rest.const];
  if (values !== undefined) return fc.constantFrom(...(values as readonly unknown[]));
  const choices = (rest.anyOf ?? rest.oneOf) as readonly Json[] | undefined;
  if (choices !== undefined) return fc.oneof(...choices.map(allowed));
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.nat({ max: 100 });
    case 'string':
      if (pattern === undefined) return fc.string({ minLength: Number(rest.minLength ?? 0) });
      return fc.constantFrom('team-a', 'team-b', 'nowhere', 'a-1', '5%', '30s');
    case 'array':
      return fc.array(allowed(items as Json), { minLength: 1, maxLength: 3 });
    case 'object':
      if (properties === undefined)
        return fc.dictionary(fc.string({ minLength: 1 }), allowed(additionalProperties as Json));
      return fc.record(
        Object.fromEntries(
          Object.entries(properties as Readonly<Record<string, Json>>).map(([name, each]) => [
            name,
            allowed(each),
          ]),
        ),
        { requiredKeys: (required ?? []) as never[] },
      );
    default:
      throw new Error(`the test cannot make a ${String(type)} yet`);
  }
}

const urlSafe = (value: string) => encodeURIComponent(value);
const headerSafe = fc.stringMatching(/^[!-~][ -~]{0,30}$/).map((value) => value.trim());
const mostly = <Value>(usual: fc.Arbitrary<Value>, other: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 3, arbitrary: usual }, { weight: 2, arbitrary: other });

function pathsOf(operation: Operation): fc.Arbitrary<string> {
  const names = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name);
  const queries = (operation.parameters ?? []).filter((each) => each.in === 'query').map(({ name }) => name);
  const segment = (name: string) =>
    mostly(
      fc.constant(KNOWN_NAMES[name] ?? 'x'),
      fc.oneof(
        fc
          .string({ minLength: 1, unit: 'grapheme' })
          .map(urlSafe)
          .filter((value) => value !== '.' && value !== '..'),
        fc.constantFrom('%', '%E0%A4', '%00', '__proto__', 'x'.repeat(2_000)),
      ),
    );
  return fc
    .tuple(
      fc.tuple(...names.map(segment)),
      fc.option(fc.tuple(...queries.map(() => fc.string().map(urlSafe)))),
    )
    .map(([segments, values]) => {
      const path = names.reduce(
        (url, name, index) => url.replace(`{${name}}`, segments[index] ?? ''),
        operation.path,
      );
      return values === null || queries.length === 0
        ? path
        : `${path}?${queries.map((name, index) => `${name}=${values[index]}`).join('&')}`;
    });
}

const CONTENT_TYPES = ['application/json', 'text/plain', 'application/json; charset=nonsense', 'nonsense'];

function bodiesOf({
  requestBody,
  method,
}: Operation): fc.Arbitrary<{ body?: string; type?: string; encoding?: string }> {
  if (method !== 'POST') return fc.constant({});
  const schema = requestBody?.content['application/json']?.schema;
  const good = (schema === undefined ? fc.jsonValue() : allowed(schema)).map((value) => ({
    body: JSON.stringify(value),
    type: 'application/json',
  }));
  const bad = fc.oneof(
    fc.record({ body: fc.json(), type: fc.constantFrom(...CONTENT_TYPES) }),
    fc.record({ body: fc.string({ minLength: 1 }), type: fc.constant('application/json') }),
    fc.constant({ body: '{}', type: 'application/json', encoding: 'nonsense' }),
    fc.constant({ body: '{}', type: 'application/json', encoding: 'gzip' }),
    fc.constant({ body: `"${'x'.repeat(2_200_000)}"`, type: 'application/json' }),
  );
  return fc.oneof(fc.constant({}), good, bad);
}

function headersOf({ parameters = [] }: Operation): fc.Arbitrary<Record<string, string>> {
  const own = parameters.filter((each) => each.in === 'header').map(({ name }) => name.toLowerCase());
  const common = ['accept', 'accept-encoding', 'if-none-match', 'range'];
  const one = (name: string): [string, fc.Arbitrary<string>] => [
    name,
    name === 'if-none-match' ? fc.constant('*') : headerSafe,
  ];
  const credentials = fc.constantFrom(`Bearer ${TOKEN}`, `Bearer ${TOKEN}`, 'Bearer wrong', 'Basic nonsense');
  const origins = fc.constantFrom('https://evil.example.com', 'null');
  const extra = fc.record(
    { ...Object.fromEntries([...own, ...common].map(one)), authorization: credentials },
    { requiredKeys: [] },
  );
  return fc
    .tuple(extra, fc.option(origins, { freq: 5 }))
    .map(
      ([headers, origin]) =>
        ({ ...headers, ...(origin === null ? {} : { origin }) }) as Record<string, string>,
    );
}

function requestsFor(operation: Operation): fc.Arbitrary<SentRequest> {
  const methods = operation.method === 'GET' ? ['GET', 'GET', 'HEAD'] : [operation.method];
  return fc
    .tuple(fc.constantFrom(...methods), pathsOf(operation), headersOf(operation), bodiesOf(operation))
    .map(([method, path, headers, { body, type, encoding }]) => ({
      method,
      path,
      body,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      },
    }));
}

/** Bodies that are accepted where an empty one is not. */
const GOOD_BODIES = [
  { reason: 'a reason' },
  { reason: 'a reason', namespaces: ['team-a'] },
  { reason: 'a reason', version: VERSION },
  { reason: 'a reason', to: VERSION },
  { dry_run: true },
  { plan: 'rollout-1' },
  { plan: 'moved' },
  { plan: 'unknown' },
  { receiver: 'ops' },
  { receiver: 'unknown' },
];

function pathFor(template: string): string {
  return template.replace(/\{(\w+)\}/g, (_all, name: string) => KNOWN_NAMES[name] ?? 'x');
}

/** What chance may leave out. */
function examplesFor({ method, path: template }: Operation): SentRequest[] {
  const path = pathFor(template);
  const request = (headers: Readonly<Record<string, string>>, body?: string) => ({
    method,
    path,
    body,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined
        ? {}
        : { 'content-length': String(body.length), 'content-type': 'application/json' }),
      ...headers,
    },
  });
  const plain = [request({}), request({ authorization: 'Bearer wrong' }), request({ authorization: '' })];
  if (method === 'GET') return [...plain, { ...request({}), method: 'HEAD' }];
  return [
    ...plain,
    request({ origin: 'https://evil.example.com' }),
    request({ 'content-encoding': 'nonsense' }, '{}'),
    request({ 'content-type': 'application/json; charset=nonsense' }, '{}'),
    request({ 'content-type': 'text/plain' }, '{}'),
    request({}, `"${'x'.repeat(2_200_000)}"`),
    ...GOOD_BODIES.map((body) => request({}, JSON.stringify(body))),
    request(webhookKey(HOOK_SECRET).headersFor({ id: 'msg_1', at: Date.now(), body: '' })),
  ];
}

const tokenFile = join(mkdtempSync(join(tmpdir(), 'skipper-contract-')), 'token');
writeFileSync(tokenFile, TOKEN);
const hookSecretFile = join(mkdtempSync(join(tmpdir(), 'skipper-contract-')), 'hook');
writeFileSync(hookSecretFile, HOOK_SECRET);
/** Which answers there were, as `PATH STATUS`. */
const seen = new Set<string>();
const down = new SkipperError('redis_unavailable', 'Redis is not connected');

const WORLDS: Readonly<Record<string, FakeCoreOptions & { readonly isDown?: boolean }>> = {
  'an API': { flags: { hookSecretFile } },
  'an API with a token': { flags: { authTokenFile: tokenFile } },
  'an API for another host': { flags: { publicUrl: 'https://skipper.example.com' } },
  'an API without Redis': { failure: down, isDown: true },
  'an API with a bug': { failure: new Error('a bug') },
};

/** A fleet with whatever its documents can show. */
function openCore({ isDown = false, ...options }: (typeof WORLDS)[string]) {
  const { core } = createFakeCore({
    namespaces: { 'team-a': {}, 'team-b': { config: invalid('broken') } },
    ...options,
  });
  const target = { state: 'failed', reason: 'it failed', code: 'fdd_failed', details: ['a line'] } as const;
  const rollout = { rollout: aRollout(), targets: new Map([['team-a', target]]) };
  const counts = { pending: 0, running: 0, paused: 0, completed: 1, failed: 0, cancelled: 0, superseded: 0 };
  const attempts = [anAttempt(), aFailedAttempt('fdd_failed')];
  const answer =
    <Value>(value: Value) =>
    async () => {
      if (isDown) throw down;
      return value;
    };
  const done = { state: 'running', namespaces: ['team-a'], left: ['team-b'] };
  const command = (fits: boolean) => async (id: string) => {
    if (isDown) throw down;
    if (options.failure) throw options.failure;
    if (id !== 'rollout-1') throw new SkipperError('not_found', `rollout "${id}" does not exist`);
    if (!fits) throw new RolloutConflictError('completed', 'it is completed');
    return done;
  };
  const [fits, unfit] = [command(true), command(false)];
  Object.assign(core, {
    commands: { pause: fits, cancel: fits, resume: fits, retry: fits, skip: fits, approve: fits },
    rollBack: async ({ id, to }: { readonly id: string; readonly to?: string }) => {
      await (to === undefined ? fits : unfit)(id);
      return { rollout: aRollout(), targets: new Map([['team-a', target]]), replayed: false };
    },
  });
  const planned = { namespace: 'team-a', action: 'update', reason: 'it differs', version: VERSION, from: '' };
  const serverPlan = {
    id: 'rollout-1',
    createdAt: 1,
    expiresAt: 2,
    requestedBy: 'jo',
    forceBootstrap: false,
    counts: { update: 1 },
    pending: 0,
    targets: [planned],
  };
  const makeRollout = async (id: string) => {
    if (id === 'moved')
      throw new PlanMovedError([{ namespace: 'team-a', planned: 'update', now: 'unchanged' }]);
    await fits(id);
    return { rollout: aRollout(), targets: new Map([['team-a', target]]), replayed: false };
  };
  const readPlan = async (id: string) => {
    await fits(id);
    return serverPlan;
  };
  Object.assign(core, {
    plans: { make: () => readPlan('rollout-1'), read: readPlan, carryOut: makeRollout },
  });
  const hold = { reason: 'a reason', by: 'jo', at: 1, pin: VERSION };
  const plan = { wave: 0, order: 0, because: 'the canary', release: 'r1', version: VERSION, channel: '' };
  const event = { at: 1, kind: 'created', state: 'pending', by: 'jo', reason: '' };
  Object.assign(core.state, {
    rolloutPage: async (_limit: number, before?: string) =>
      answer(before === undefined ? { rollouts: [{ rollout: aRollout(), counts }] } : undefined)(),
    rolloutPlans: answer(new Map([['team-a', plan]])),
    rolloutEvents: answer([event]),
    recentDurations: answer([]),
    holds: answer(new Map([['team-a', hold]])),
    ignoredReleases: answer(new Map([['r1', { ...hold, key: 'r1', version: VERSION }]])),
    hold: answer(undefined),
    endHold: answer(1),
    ignoreRelease: answer(undefined),
    endIgnore: async (version: string) => answer(version === VERSION ? 1 : 0)(),
    verifiedReleases: answer(new Map()),
    release: answer(undefined),
    history: answer({ attempts, bootstrap: aBootstrap() }),
    records: answer(new Map()),
    rollout: async (id: string) => answer(id === 'rollout-1' ? rollout : undefined)(),
    rolloutsWithCounts: answer([{ rollout: aRollout(), counts }]),
    channels: answer(new Map([['stable', { version: VERSION, image: `fdd:${VERSION}`, checkedAt: 1 }]])),
  });
  Object.assign(core.redis, { status: isDown ? 'end' : 'ready' });
  Object.assign(core.releaseCheckQueue, { add: async () => ({ id: '7' }) });
  const log = { pod: 'fdd-1', container: 'fdd', isPrevious: false, text: 'a line' };
  const logJob = { id: '8', finishedOn: 1, returnvalue: [log] };
  const logQueue = { add: async () => logJob, getJob: async () => logJob, remove: async () => 1 };
  Object.assign(core, { logQueue });
  const delivered = { id: '9', finishedOn: 1, returnvalue: {} };
  const notificationQueue = {
    ...core.notificationQueue,
    add: async () => delivered,
    getJob: async () => delivered,
    remove: async () => 1,
  };
  const receiver = { name: 'ops', type: 'slack', urlFile: '/x', events: ['rollout-paused'] };
  Object.assign(core, {
    notificationQueue,
    receivers: { current: () => ({ groupWait: '30s', receivers: [receiver] }), problem: () => 'a problem' },
  });
  Object.assign(core.state, {
    receiverHealth: answer(new Map([['ops', { deliveredAt: 1, failed: { at: 2, reason: 'HTTP 500' } }]])),
    audit: answer(undefined),
    noteHook: answer(true),
  });
  Object.assign(core.releases, { resolve: async () => new Map() });
  Object.assign(core, { client: { request: async () => ({ items: [] }) } });
  return core;
}

describe.each(Object.entries(WORLDS))('%s', (_what, options) => {
  let server: Server;
  let view: FleetView;
  const address = () => server.address() as AddressInfo;

  beforeAll(async () => {
    const core = openCore(options);
    view = openFleetView(core, silentFeed);
    server = createServer(createApp(core, '1.2.3', view)).listen(0);
    await view.ready();
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await view.close();
  });

  test.each(OPERATIONS.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
    'answers %s only as documented',
    async (_name, operation) => {
      await fc.assert(
        fc.asyncProperty(requestsFor(operation), async (request) => {
          const answer = await send(address(), request);
          seen.add(`${operation.path} ${answer.status}`);
          expect({ request, found: undocumented(operation, request, answer) }).toEqual({
            request,
            found: [],
          });
        }),
        { ...RUNS, examples: examplesFor(operation).map((request): [SentRequest] => [request]) },
      );
    },
  );

  test('answers other methods with 405 and Allow, which OPTIONS shows as well', async () => {
    if (options.flags?.publicUrl !== undefined) return;
    for (const operation of OPERATIONS) {
      const path = pathFor(operation.path);
      const known = OPERATIONS.filter((each) => each.path === operation.path).map(({ method }) => method);
      const allow = known.map((method) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ');
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(
        (each) => !known.includes(each),
      )) {
        const request = { method, path, headers: {} };
        const answer = await send(address(), request);
        expect({ method, path, status: answer.status, allow: answer.headers.allow }).toEqual({
          method,
          path,
          status: 405,
          allow,
        });
        expect(undocumented(operation, request, answer)).toEqual([]);
      }
      const options = await send(address(), { method: 'OPTIONS', path, headers: {} });
      expect([path, options.status, options.headers.allow]).toEqual([path, 204, allow]);
    }
  });
});

test('the requests have reached what they are for, and what refuses them', () => {
  for (const { path, responses } of OPERATIONS) {
    const good = Object.keys(responses).filter((status) => status.startsWith('2'));
    expect([...seen]).toEqual(expect.arrayContaining(good.map((status) => `${path} ${status}`)));
  }
  const statuses = new Set([...seen].map((each) => Number(each.split(' ')[1])));
  expect([...statuses].sort()).toEqual([200, 202, 400, 401, 403, 404, 409, 413, 415, 421, 429, 500, 503]);
});

test('each documented security requirement is a scheme of the document', () => {
  const schemes = Object.keys((DOCUMENT.components as { securitySchemes: Json }).securitySchemes);
  for (const { security = [] } of OPERATIONS) {
    for (const requirement of security)
      expect(schemes).toEqual(expect.arrayContaining(Object.keys(requirement)));
  }
  const guarded = OPERATIONS.filter(({ security }) => security !== undefined).map(({ path }) => path);
  const rollouts = (base: string) => [
    base,
    `${base}/{id}`,
    ...['pause', 'resume', 'cancel', 'retry', 'skip', 'approve', 'rollback'].map(
      (command) => `${base}/{id}/${command}`,
    ),
  ];
  expect(guarded).toEqual([
    '/api/deploy',
    ...rollouts('/api/rollouts'),
    ...rollouts('/api/deployments'),
    '/api/namespaces/{namespace}',
    '/api/namespaces/{namespace}/objects',
    '/api/namespaces/{namespace}/logs',
    '/api/releases/check',
    '/api/audit',
    '/api/namespaces/{namespace}/hold',
    '/api/namespaces/{namespace}/pin',
    '/api/namespaces/{namespace}/release',
    '/api/ignored-releases',
    '/api/ignored-releases/{version}/release',
    '/api/healing/stop',
    '/api/healing/resume',
    '/api/quarantine/release',
    '/api/notifications/test',
  ]);
});
