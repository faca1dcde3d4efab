import { z } from 'zod';
import { parseJson } from '../domain/parse-json.ts';

/** Text that holds JSON of a schema. Invalid JSON is reported like any other issue. */
export function jsonText<Schema extends z.ZodType>(schema: Schema) {
  return z.string().transform(parse).pipe(schema);
}

function parse(text: string, context: z.RefinementCtx): unknown {
  const parsed = parseJson(text);
  if (parsed !== undefined) return parsed;
  context.addIssue('not JSON');
  return z.NEVER;
}
