import { qualifiedKind, qualifiedPlural, type ResourceType } from './resource-type.ts';

export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

export interface StatusBody {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string };
  readonly status: 'Failure';
  readonly message: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** A refusal, with the Status body that the client gets. */
export class ApiError extends Error {
  readonly body: StatusBody;

  constructor(body: StatusBody) {
    super(body.message);
    this.name = 'ApiError';
    this.body = body;
  }
}

interface Failure {
  readonly code: number;
  readonly reason?: string;
  readonly message: string;
  readonly details?: StatusDetails;
  readonly continue?: string;
}

export function failure({ code, reason, message, details, continue: token }: Failure): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: token === undefined ? {} : { continue: token },
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  });
}

export function notAcceptable(kind: string): ApiError {
  const message = `you requested ${kind}, which this answer cannot be`;
  return failure({ code: 406, reason: 'NotAcceptable', message });
}

export function notFound(type: ResourceType, name: string): ApiError {
  const message = `${qualifiedPlural(type)} "${name}" not found`;
  return failure({ code: 404, reason: 'NotFound', message, details: resourceDetails(type, name) });
}

export function namespaceNotFound(name: string): ApiError {
  const details = { name, kind: 'namespaces' };
  return failure({ code: 404, reason: 'NotFound', message: `namespaces "${name}" not found`, details });
}

export function unknownResource(): ApiError {
  const message = 'the server could not find the requested resource';
  return failure({ code: 404, reason: 'NotFound', message, details: {} });
}

export function methodNotAllowed(): ApiError {
  const message = 'the server does not allow this method on the requested resource';
  return failure({ code: 405, reason: 'MethodNotAllowed', message, details: {} });
}

export function alreadyExists(type: ResourceType, name: string, isBeingDeleted: boolean): ApiError {
  const prefix = isBeingDeleted ? 'object is being deleted: ' : '';
  const message = `${prefix}${qualifiedPlural(type)} "${name}" already exists`;
  return failure({ code: 409, reason: 'AlreadyExists', message, details: resourceDetails(type, name) });
}

export function staleResourceVersion(type: ResourceType, name: string): ApiError {
  return conflict(
    type,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

export function conflict(type: ResourceType, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualifiedPlural(type)} "${name}": ${why}`;
  return failure({ code: 409, reason: 'Conflict', message, details: resourceDetails(type, name) });
}

export function applyConflict(causes: readonly StatusCause[]): ApiError {
  const sorted = [...causes].sort((a, b) => ((a.field ?? '') < (b.field ?? '') ? -1 : 1));
  const noun = causes.length === 1 ? 'conflict' : 'conflicts';
  const message = `Apply failed with ${causes.length} ${noun}: ${conflictList(sorted)}`;
  return failure({ code: 409, reason: 'Conflict', message, details: { causes: sorted } });
}

/** One conflict in a line, several under the managers they are with. */
function conflictList(causes: readonly StatusCause[]): string {
  const [only, ...others] = causes;
  if (only !== undefined && others.length === 0) return `${only.message}: ${only.field}`;
  const managers = [...new Set(causes.map((cause) => cause.message))].sort();
  return managers
    .map((message) => {
      const fields = causes.filter((cause) => cause.message === message).map(({ field }) => `\n- ${field}`);
      return `${message.replace('conflict', 'conflicts')}:${fields.join('')}`;
    })
    .join('\n');
}

export function forbidden(
  type: ResourceType,
  name: string,
  why: string,
  causes?: readonly StatusCause[],
): ApiError {
  const message = `${qualifiedPlural(type)} "${name}" is forbidden: ${why}`;
  const details = { ...resourceDetails(type, name), ...(causes === undefined ? {} : { causes }) };
  return failure({ code: 403, reason: 'Forbidden', message, details });
}

export function invalid(type: ResourceType, name: string, causes: readonly StatusCause[]): ApiError {
  return invalidAs(qualifiedKind(type), { ...resourceDetails(type, name), kind: type.kind }, causes);
}

/** An update without resourceVersion is worded with the resource's name, not the kind's. */
export function missingResourceVersion(type: ResourceType, name: string): ApiError {
  const cause = {
    reason: 'FieldValueInvalid',
    message: 'Invalid value: 0: must be specified for an update',
    field: 'metadata.resourceVersion',
  };
  return invalidAs(qualifiedPlural(type), resourceDetails(type, name), [cause]);
}

export function missingFieldManager(): ApiError {
  const cause = {
    reason: 'FieldValueRequired',
    message: 'Required value: is required for apply patch',
    field: 'fieldManager',
  };
  return invalidAs('PatchOptions.meta.k8s.io', { group: 'meta.k8s.io', kind: 'PatchOptions' }, [cause]);
}

export function unusablePatch(): ApiError {
  const message = 'the server rejected our request due to an error in our request';
  return failure({ code: 422, reason: 'Invalid', message, details: {} });
}

export function badRequest(message: string): ApiError {
  return failure({ code: 400, reason: 'BadRequest', message });
}

export function unauthorized(): ApiError {
  return failure({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}

export function unsupportedMediaType(): ApiError {
  const message = '415: Unsupported Media Type';
  return failure({ code: 415, reason: 'UnsupportedMediaType', message, details: {} });
}

export function tooManyRequests(message: string, retryAfterSeconds: number): ApiError {
  return failure({ code: 429, reason: 'TooManyRequests', message, details: { retryAfterSeconds } });
}

export function tooOldResourceVersion(asked: number, oldest: number): ApiError {
  return failure({
    code: 410,
    reason: 'Expired',
    message: `too old resource version: ${asked} (${oldest})`,
  });
}

/** The real server gives no reason word with most of its internal errors. */
export function internalError(message: string): ApiError {
  return failure({ code: 500, message });
}

function invalidAs(subject: string, details: StatusDetails, causes: readonly StatusCause[]): ApiError {
  const list = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = list.length === 1 ? list[0] : `[${list.join(', ')}]`;
  const name = details.name === undefined ? '""' : `"${details.name}"`;
  const message = `${subject} ${name} is invalid: ${text}`;
  return failure({ code: 422, reason: 'Invalid', message, details: { ...details, causes } });
}

function resourceDetails(type: ResourceType, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(type.group === '' ? {} : { group: type.group }),
    kind: type.plural,
  };
}
