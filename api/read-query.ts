import { z } from 'zod';
import { HttpProblem } from './problem.ts';

/** A whole number in a query, between two limits. */
export function wholeNumber(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z
    .string({ error })
    .regex(/^\d{1,9}$/, error)
    .transform(Number)
    .pipe(z.int().min(least, error).max(most, error));
}

/** The query as validated data; unknown parameters are ignored. */
export function readQuery<Query>(schema: z.ZodType<Query>, query: Readonly<Record<string, unknown>>): Query {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
  const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new HttpProblem(400, 'bad_request', detail, { errors });
}
