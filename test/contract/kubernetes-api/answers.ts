import type { ApiBody } from '../api-client.ts';

/** The exact Status body of a refusal. */
export function failure(code: number, reason: string, message: string, details?: object): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

export function staleFailure(plural: string, name: string, group?: string): object {
  const resource = group === undefined ? plural : `${plural}.${group}`;
  const message = `Operation cannot be fulfilled on ${resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`;
  return failure(409, 'Conflict', message, { name, ...(group === undefined ? {} : { group }), kind: plural });
}

export function containersOf(deployment: ApiBody): readonly { readonly name: string }[] {
  const spec = deployment.spec as {
    readonly template: { readonly spec: { readonly containers: readonly { readonly name: string }[] } };
  };
  return spec.template.spec.containers;
}

export function ownersOf(body: ApiBody, ...path: readonly string[]): readonly string[] {
  const entries = body.metadata.managedFields ?? [];
  const owns = (fields: unknown) =>
    path.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], fields) !==
    undefined;
  return entries
    .filter((entry) => owns(entry.fieldsV1))
    .map((entry) => String(entry.manager))
    .sort();
}
