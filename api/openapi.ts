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
      ...(route.body === undefined
        ? {}
        : { requestBody: { required: false, content: json(route.body, 'application/json') } }),
      responses: Object.fromEntries(
        Object.entries(route.responses).map(([status, { description, schema, contentType }]) => [
          status,
          { description, content: json(schema, contentType ?? contentTypeOf(Number(status))) },
        ]),
      ),
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
    components: { schemas: componentSchemas() },
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
  return status >= 400 ? 'application/problem+json' : 'application/json';
}

function parametersOf({ path, query = {} }: Route) {
  const schema = { type: 'string' };
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({ name, in: 'path', required: true, schema })),
    ...Object.entries(query).map(([name, description]) => ({ name, in: 'query', description, schema })),
  ];
  return parameters.length === 0 ? {} : { parameters };
}
