import { z } from 'zod';

/** Text that holds JSON of a schema. Text that is not JSON is an issue like any other. */
export function jsonText<Schema extends z.ZodType>(schema: Schema) {
  return z.string().transform(parse).pipe(schema);
}

function parse(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('not JSON');
    return z.NEVER;
  }
}
