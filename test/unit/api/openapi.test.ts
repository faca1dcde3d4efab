import { describe, expect, test } from '@jest/globals';
import { openApiDocument } from '../../../api/openapi.ts';
import { ROUTES } from '../../../api/routes.ts';

type Json = Readonly<Record<string, unknown>>;

// The document as a client reads it.
const document = JSON.parse(JSON.stringify(openApiDocument('1.2.3'))) as Json & {
  paths: Record<string, Json>;
};

function everyValue(node: unknown, key: string): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => [
    ...(name === key ? [value] : []),
    ...everyValue(value, key),
  ]);
}

/** Resolves a reference to its schema. */
function resolve(schema: Json): unknown {
  if (typeof schema.$ref !== 'string') return schema;
  let node: unknown = document;
  for (const part of schema.$ref.slice(2).split('/')) node = (node as Json | undefined)?.[part];
  return node;
}

describe('openApiDocument', () => {
  test('is an OpenAPI 3.1 document of this version', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } });
  });

  test('has every route, with its path parameters', () => {
    const routes = ROUTES.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort();

    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );

    expect(documented.sort()).toEqual(routes);
    expect(document.paths['/api/rollouts/{id}']).toMatchObject({
      get: {
        parameters: expect.arrayContaining([
          expect.objectContaining({ name: 'id', in: 'path', required: true }),
        ]),
      },
    });
  });

  test('marks the old paths of rollouts as deprecated aliases', () => {
    const { parameters, responses, security } = (document.paths['/api/rollouts/{id}']?.get ?? {}) as Json;

    expect(document.paths['/api/deployments/{id}']).toEqual({
      get: {
        operationId: 'getRolloutAlias',
        summary: 'Alias of /api/rollouts/:id',
        deprecated: true,
        parameters,
        responses,
        security,
      },
    });
  });

  test('gives every operation a unique id', () => {
    const ids = everyValue(document, 'operationId');

    expect(new Set(ids).size).toBe(ROUTES.length);
  });

  test('has no broken references', () => {
    const references = everyValue(document, '$ref').map(String);

    const broken = references.filter((reference) => {
      const path = reference.replace(/^#\/?/, '').split('/').filter(Boolean);
      let node: unknown = document;
      for (const part of path) node = (node as Json | undefined)?.[part];
      return !reference.startsWith('#') || node === undefined;
    });
    expect(broken).toEqual([]);
  });

  test("acceptance 14: documents the body of a deploy, with upstream's two spellings, and no other fields", () => {
    const post = document.paths['/api/deploy']?.post as {
      requestBody: { content: Record<string, { schema: Json }> };
    };

    const schema = post.requestBody.content['application/json']?.schema ?? {};

    expect(resolve(schema)).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: {
        namespaces: { type: 'array', minItems: 1 },
        force_bootstrap: { type: 'boolean' },
        'force-bootstrap': { type: 'boolean' },
      },
    });
  });

  test('documents the headers that operations read and return', () => {
    const post = document.paths['/api/deploy']?.post as {
      parameters: Json[];
      responses: Record<string, { headers?: Json }>;
    };

    expect(post.parameters).toEqual([
      expect.objectContaining({ name: 'dryRun', in: 'query' }),
      expect.objectContaining({ name: 'X-Skipper-Client', in: 'header' }),
      expect.objectContaining({
        name: 'Idempotency-Key',
        in: 'header',
        schema: expect.objectContaining({ type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' }),
      }),
    ]);
    expect(Object.keys(post.responses['202']?.headers ?? {})).toEqual(['Location', 'Idempotency-Replayed']);
    expect(document.components).toMatchObject({
      responses: {
        MethodNotAllowed: { headers: { Allow: expect.anything() } },
        TooManyRequests: { headers: { 'Retry-After': expect.anything() } },
        Unauthenticated: { headers: { 'WWW-Authenticate': expect.anything() } },
        Unavailable: { headers: { 'Retry-After': expect.anything() } },
      },
      securitySchemes: { bearer: { scheme: 'bearer' }, basic: { scheme: 'basic' } },
    });
  });

  test('documents errors as problem+json', () => {
    const post = document.paths['/api/deploy']?.post as { responses: Record<string, { content: Json }> };

    expect(Object.keys(post.responses['400']?.content ?? {})).toEqual(['application/problem+json']);
  });
});
