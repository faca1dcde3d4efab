import { z } from 'zod';
import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';

/** The OpenAPI 3.1 document, generated from the same schemas that validate requests. */
export function openApiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    const operations = paths[path] ?? {};
    operations[route.method] = {
      operationId: route.operationId,
      summary: route.summary,
      ...(route.deprecated ? { deprecated: true } : {}),
      ...parametersOf(route),
      ...securityOf(route),
      ...(route.body === undefined
        ? {}
        : { requestBody: { required: false, content: json(route.body, 'application/json') } }),
      responses: { ...commonResponses(route), ...ownResponses(route) },
    };
    paths[path] = operations;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Skipper',
      version,
      description: 'Keeps the fiaas-deploy-daemon of every namespace at its release, and verifies it.',
    },
    paths,
    components: {
      schemas: componentSchemas(),
      responses: COMMON_RESPONSES,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The token of --auth-token-file' },
        basic: { type: 'http', scheme: 'basic', description: 'The same token as password of any user' },
      },
    },
  };
}

/** Each named schema is listed once under components; everything else refers to it. */
function componentSchemas(): Record<string, unknown> {
  const { schemas } = z.toJSONSchema(z.globalRegistry, {
    uri: referenceTo,
    io: 'input',
    // zod sets readOnly for TypeScript's readonly; in OpenAPI readOnly means "not in requests".
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _$schema, $id: _$id, ...schema }]) => [name, schema]),
  );
}

function json(schema: z.ZodType, contentType: string) {
  const name = z.globalRegistry.get(schema)?.id;
  if (name === undefined) throw new Error('every schema of a route needs a name: .meta({ id })');
  return { [contentType]: { schema: { $ref: referenceTo(name) } } };
}

function referenceTo(name: string): string {
  return `#/components/schemas/${name}`;
}

function contentTypeOf(status: number): string {
  return status >= 400 ? PROBLEM_TYPE : 'application/json';
}

function parametersOf({ path, query = {}, headers = {} }: Route) {
  const schema = { type: 'string' };
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({ name, in: 'path', required: true, schema })),
    ...Object.entries(query).map(([name, description]) => ({ name, in: 'query', description, schema })),
    ...Object.entries(headers).map(([name, { description, schema: type }]) => {
      const { $schema: _, ...header } = z.toJSONSchema(type);
      return { name, in: 'header', description, schema: header };
    }),
  ];
  return parameters.length === 0 ? {} : { parameters };
}

/** Without --auth-token-file no token is needed: the empty requirement. */
function securityOf({ mutates, showsObjects, showsMoreWithToken }: Route) {
  if (!mutates && !showsObjects && !showsMoreWithToken) return {};
  return { security: [{ bearer: [] }, { basic: [] }, {}] };
}

function ownResponses({ responses }: Route) {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, schema, contentType, headers }]) => [
      status,
      {
        description,
        ...(headers === undefined ? {} : { headers: headersOf(headers) }),
        content: json(schema, contentType ?? contentTypeOf(Number(status))),
      },
    ]),
  );
}

const PROBLEM_TYPE = 'application/problem+json';
const RETRY_AFTER = { 'Retry-After': 'Seconds until it is worth trying again' };

/** What every kind of request can be answered with, apart from what it is for. */
const COMMON_RESPONSES = {
  BadRequest: problem('The request is malformed'),
  Unauthenticated: problem('The token is missing or wrong', {
    'WWW-Authenticate': 'How to send the token',
  }),
  ForeignOrigin: problem('The request came from a page of another site'),
  MethodNotAllowed: problem('The path exists, but not with this method', {
    Allow: 'The methods that it has',
  }),
  TooLarge: problem('The body is larger than 2 MB'),
  UnsupportedBody: problem('The body has another type, character set or encoding than JSON in UTF-8'),
  UnknownHost: problem('The request is for another host than that of --public-url'),
  TooManyRequests: problem('Too many at once, or refused too often: nothing was done', RETRY_AFTER),
  Unexpected: problem('A bug: the log of the API has the details'),
  Unavailable: problem('Redis or the cluster is unavailable', RETRY_AFTER),
} as const;

function commonResponses({ mutates, showsObjects, method, path }: Route) {
  const names: Readonly<Record<string, keyof typeof COMMON_RESPONSES | undefined>> = {
    400: method === 'post' || path.includes(':') ? 'BadRequest' : undefined,
    401: mutates || showsObjects ? 'Unauthenticated' : undefined,
    403: mutates ? 'ForeignOrigin' : undefined,
    405: 'MethodNotAllowed',
    413: method === 'post' ? 'TooLarge' : undefined,
    415: method === 'post' ? 'UnsupportedBody' : undefined,
    421: 'UnknownHost',
    429: 'TooManyRequests',
    500: 'Unexpected',
    503: 'Unavailable',
  };
  return Object.fromEntries(
    Object.entries(names).flatMap(([status, name]) =>
      name === undefined ? [] : [[status, { $ref: `#/components/responses/${name}` }]],
    ),
  );
}

function problem(description: string, headers: Readonly<Record<string, string>> = {}) {
  return {
    description,
    ...(Object.keys(headers).length === 0 ? {} : { headers: headersOf(headers) }),
    content: { [PROBLEM_TYPE]: { schema: { $ref: referenceTo('Problem') } } },
  };
}

function headersOf(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  );
}
