import type { z } from 'zod';
import { parseJson } from '../domain/parse-json.ts';
import { ApiError } from './api-error.ts';

/** Parses a body, or the data of an event, by its schema. `what` names it in the error. */
export function parseAnswer<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  what: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue === undefined ? '' : ` (${issue.path.join('.') || 'body'}: ${issue.message})`;
  throw new ApiError(`${what} has an unexpected format${field}: client and API may have different versions`, {
    kind: 'unexpected',
    isPassing: false,
  });
}
