import type { Request } from 'express';
import type { z } from 'zod';
import { parseJson } from '../domain/parse-json.ts';
import { HttpProblem } from './problem.ts';

/** zod creates an issue of about a kilobyte for each wrong value, and a body of two megabytes can hold a million values. */
const MAX_VALUES = 20_000;
const MAX_ERRORS = 20;

/** An empty body is an empty object; any other body must be declared as JSON, be valid JSON, and match the schema. */
export function readBody(schema: z.ZodType, rawBody: string, request: Request): unknown {
  const parsed = schema.safeParse(rawBody.trim() === '' ? {} : readJson(rawBody, request));
  if (parsed.success) return parsed.data;
  // A body can have thousands of mistakes; only the first ones are useful.
  const errors = parsed.error.issues.slice(0, MAX_ERRORS).flatMap(toFieldErrors).slice(0, MAX_ERRORS);
  const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new HttpProblem(400, 'bad_request', detail, { errors });
}

function readJson(rawBody: string, request: Request): unknown {
  if (!request.is(['application/json', '+json'])) {
    throw new HttpProblem(415, 'not_json', 'send the body with "Content-Type: application/json"');
  }
  const body = parseJson(rawBody);
  if (body === undefined) throw new HttpProblem(400, 'not_json', 'the body is not valid JSON');
  if (holdsMoreThan(MAX_VALUES, body)) {
    throw new HttpProblem(400, 'bad_request', `the body holds more than ${MAX_VALUES} values`);
  }
  return body;
}

function toFieldErrors(issue: z.core.$ZodIssue): { field: string; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((field) => ({ field, message: 'is unknown: see /api/openapi.json' }));
  }
  return [{ field: issue.path.join('.') || 'body', message: issue.message }];
}

function holdsMoreThan(limit: number, body: unknown): boolean {
  let count = 0;
  const open = [body];
  while (open.length > 0) {
    const value = open.pop();
    const inside = typeof value === 'object' && value !== null ? Object.values(value) : [];
    count += inside.length;
    if (count > limit) return true;
    for (const each of inside) open.push(each);
  }
  return false;
}
