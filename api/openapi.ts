import { z } from 'zod';
import { ROUTES } from './routes.ts';

/** The OpenAPI 3.1 document, made of the very schemas that validate. */
export function openApiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    const operations = paths[path] ?? {};
    operations[route.method] = {
      operationId: route.operationId,
      summary: route.summary,
      ...parametersOf(route.path),
      ...(route.body === undefined
        ? {}
        : { requestBody: { required: false, content: json(route.body, 'application/json') } }),
      responses: Object.fromEntries(
        Object.entries(route.responses).map(([status, { description, schema }]) => [
          status,
          {
            description,
            content: json(schema, Number(status) >= 400 ? 'application/problem+json' : 'application/json'),
          },
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
      description: 'Keeps the fiaas-deploy-daemon of every namespace at its release, and proves it.',
    },
    paths,
  };
}

function json(schema: z.ZodType, contentType: string) {
  // References are resolved in place: a document without $defs is what every OpenAPI tool reads.
  const { $schema: _$schema, ...inlined } = z.toJSONSchema(schema, { reused: 'inline', io: 'input' });
  return { [contentType]: { schema: inlined } };
}

function parametersOf(path: string) {
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  if (names.length === 0) return {};
  return {
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
  };
}
