import type { StatusCause } from './api-error.ts';
import { isObject, type JsonObject } from './api-object.ts';

const NAME_LIMIT = 63;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const NAME_PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const BAD_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const BAD_KEY =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

export function labelViolations(labels: unknown, field: string): readonly StatusCause[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => [
    ...keyViolations(key, field),
    ...valueViolations(String(value), field),
  ]);
}

export function annotationViolations(annotations: unknown, field: string): readonly StatusCause[] {
  if (!isObject(annotations)) return [];
  return Object.keys(annotations).flatMap((key) => keyViolations(key.toLowerCase(), field));
}

/** JSON allows any value for a label, the API only text; it refuses to decode the rest. */
export function hasOnlyText(map: unknown): boolean {
  return map === undefined || map === null || Object.values(map as JsonObject).every(isTextOrNull);
}

function isTextOrNull(value: unknown): boolean {
  return typeof value === 'string' || value === null;
}

function keyViolations(key: string, field: string): readonly StatusCause[] {
  const slash = key.lastIndexOf('/');
  const name = key.slice(slash + 1);
  if (slash >= 0 && !PREFIX.test(key.slice(0, slash))) {
    return [violation(field, key, 'prefix part must be a valid DNS subdomain')];
  }
  if (name.length > NAME_LIMIT) return [violation(field, key, `name part ${TOO_LONG}`)];
  return NAME_PART.test(name) ? [] : [violation(field, key, BAD_KEY)];
}

function valueViolations(value: string, field: string): readonly StatusCause[] {
  if (value.length > NAME_LIMIT) return [violation(field, value, TOO_LONG)];
  return LABEL_VALUE.test(value) ? [] : [violation(field, value, BAD_VALUE)];
}

const TOO_LONG = `must be no more than ${NAME_LIMIT} bytes`;

function violation(field: string, value: string, why: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field };
}
