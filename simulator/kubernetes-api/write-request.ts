import { badRequest, invalid } from './api-error.ts';
import { isObject, type JsonObject, objectAt, stringAt } from './api-object.ts';
import type { ApiRequest } from './api-request.ts';
import { hasOnlyText } from './label-validation.ts';
import { hasStatusSubresource, type ResourceType } from './resource-type.ts';

export interface WriteRequest extends ApiRequest {
  readonly body: unknown;
  readonly contentType: string;
  readonly manager: string;
  readonly isDryRun: boolean;
}

export interface WriteResult {
  readonly code: 200 | 201;
  readonly json: string;
}

/** The body as an object of the request's kind and place. */
export function decode(request: WriteRequest): JsonObject {
  const { type, body, name } = request;
  if (!isObject(body)) throw badRequest(`the object provided is unrecognized (must be of type ${type.kind})`);
  const metadata = objectAt(body, 'metadata');
  if (type.isCustom && !body.kind) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): Object 'Kind' is missing`,
    );
  }
  if (body.kind && body.kind !== type.kind) throw wrongKind(type, body, metadata);
  if (!hasOnlyText(metadata.labels) || !hasOnlyText(metadata.annotations)) {
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: json: cannot unmarshal`,
    );
  }
  if (name !== '') refuseOtherIdentity(request, body);
  const namespace = stringAt(metadata, 'namespace');
  if (namespace && request.namespace !== undefined && namespace !== request.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return body;
}

export function refuseOtherIdentity({ name }: WriteRequest, body: JsonObject): void {
  const given = stringAt(objectAt(body, 'metadata'), 'name');
  if (given && given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
}

/** Of an applied configuration only the part that its endpoint may change is taken, and owned. */
export function onlyWhatCounts({ type, subresource, name }: WriteRequest, body: JsonObject): JsonObject {
  const { status, ...rest } = body;
  if (subresource === 'status') return { metadata: { name }, ...(status === undefined ? {} : { status }) };
  return hasStatusSubresource(type) ? rest : body;
}

function wrongKind(type: ResourceType, body: JsonObject, metadata: JsonObject): Error {
  const kind = String(body.kind);
  if (!type.isCustom) {
    return badRequest(`${kind} in version "${type.version}" cannot be handled as a ${type.kind}`);
  }
  const cause = {
    reason: 'FieldValueInvalid',
    message: `Invalid value: "${kind}": must be ${type.kind}`,
    field: 'kind',
  };
  return invalid({ ...type, plural: kind, kind }, stringAt(metadata, 'name') ?? '', [cause]);
}
