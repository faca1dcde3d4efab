import { internalError, type StatusCause } from './api-error.ts';
import { isObject, type JsonObject, listAt, objectAt, stringAt } from './api-object.ts';

/** What the structural schema of a custom resource keeps of an object: unknown fields are dropped silently. */
export function pruneToSchema(object: JsonObject, schema: JsonObject): JsonObject {
  const { apiVersion, kind, metadata, ...rest } = object;
  return { apiVersion, kind, metadata, ...(prune(rest, schema) as JsonObject) };
}

/** Every place where an object contradicts its schema. */
export function schemaViolations(object: JsonObject, schema: JsonObject): readonly StatusCause[] {
  const { apiVersion, kind, metadata, ...rest } = object;
  return violations(rest, schema, '');
}

/** Server-side apply does not prune: it refuses a field that the schema does not declare. */
export function refuseUndeclaredFields(object: JsonObject, schema: JsonObject, subject: string): void {
  const { apiVersion, kind, metadata, ...rest } = object;
  const problems = undeclared(rest, schema, '');
  if (problems.length === 0) return;
  const list = problems.length === 1 ? problems[0] : `errors:\n${problems.map((p) => `  ${p}`).join('\n')}`;
  throw internalError(`failed to create typed patch object (${subject}): ${list}`);
}

function prune(value: unknown, schema: JsonObject): unknown {
  if (Array.isArray(value)) {
    const items = objectAt(schema, 'items');
    return value.map((item) => prune(item, items));
  }
  if (!isObject(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const declared = childSchema(schema, key);
    if (declared !== undefined) kept[key] = prune(child, declared);
    else if (keepsUnknown(schema)) kept[key] = child;
  }
  return kept;
}

function undeclared(value: unknown, schema: JsonObject, path: string): readonly string[] {
  const type = stringAt(schema, 'type');
  if (type !== undefined && !isOfType(value, type)) {
    return [`${path}: expected ${type === 'object' ? 'map' : type}, got something else`];
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const declared = childSchema(schema, key);
    if (declared !== undefined) return undeclared(child, declared, `${path}.${key}`);
    return keepsUnknown(schema) ? [] : [`${path}.${key}: field not declared in schema`];
  });
}

function violations(value: unknown, schema: JsonObject, path: string): readonly StatusCause[] {
  const type = stringAt(schema, 'type');
  if (value === null && schema.nullable === true) return [];
  if (type !== undefined && !isOfType(value, type)) return [wrongType(path, value, type)];
  if (Array.isArray(value)) {
    const items = objectAt(schema, 'items');
    return value.flatMap((item, index) => violations(item, items, `${path}[${index}]`));
  }
  if (!isObject(value)) return notListed(value, schema, path);
  return [...missing(value, schema, path), ...childViolations(value, schema, path)];
}

function childViolations(value: JsonObject, schema: JsonObject, path: string): readonly StatusCause[] {
  return Object.entries(value).flatMap(([key, child]) => {
    const declared = childSchema(schema, key);
    return declared === undefined ? [] : violations(child, declared, below(path, key));
  });
}

function missing(value: JsonObject, schema: JsonObject, path: string): readonly StatusCause[] {
  return listAt(schema, 'required')
    .map(String)
    .filter((key) => !['apiVersion', 'kind', 'metadata'].includes(key) && value[key] === undefined)
    .map((key) => ({
      reason: 'FieldValueRequired',
      message: 'Required value',
      field: below(path, key),
    }));
}

function notListed(value: unknown, schema: JsonObject, field: string): readonly StatusCause[] {
  const allowed = listAt(schema, 'enum');
  if (allowed.length === 0 || allowed.includes(value)) return [];
  const list = allowed.map((word) => JSON.stringify(word)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return [{ reason: 'FieldValueNotSupported', message, field }];
}

function wrongType(path: string, value: unknown, type: string): StatusCause {
  const actual = typeName(value);
  return {
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: "${actual}": ${path} in body must be of type ${type}: "${actual}"`,
    field: path,
  };
}

function childSchema(schema: JsonObject, key: string): JsonObject | undefined {
  const declared = objectAt(schema, 'properties')[key] ?? schema.additionalProperties;
  return isObject(declared) ? declared : undefined;
}

function keepsUnknown(schema: JsonObject): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function isOfType(value: unknown, type: string): boolean {
  const actual = typeName(value);
  return actual === type || (type === 'number' && actual === 'integer');
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
