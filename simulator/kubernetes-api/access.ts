import { failure } from './api-error.ts';
import { isObject, objectAt, stringAt } from './api-object.ts';
import type { ApiRequest } from './api-request.ts';
import { qualifiedPlural } from './resource-type.ts';

/** What somebody wants to do, in the words of RBAC. */
export interface AccessRequest {
  readonly user: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** A reason to refuse (it may be empty), or undefined to let it pass. */
export type Deny = (request: AccessRequest) => string | undefined;

export function accessRequestOf(request: ApiRequest, user: string): AccessRequest {
  const { verb, type, name, subresource = '' } = request;
  // RBAC sees a namespace as being in itself.
  const namespace = request.namespace ?? (type.kind === 'Namespace' ? name : '');
  return { user, verb, group: type.group, resource: type.plural, subresource, namespace, name };
}

export function accessDenied(request: ApiRequest, access: AccessRequest, reason: string): Error {
  const { user, verb, group, namespace } = access;
  const resource = [access.resource, access.subresource].filter((part) => part !== '').join('/');
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const subject = qualifiedPlural(request.type) + (access.name === '' ? '' : ` "${access.name}"`);
  const what = `User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`;
  return failure({
    code: 403,
    reason: 'Forbidden',
    message: `${subject} is forbidden: ${what}${reason === '' ? '' : `: ${reason}`}`,
    details: {
      ...(access.name === '' ? {} : { name: access.name }),
      ...(group === '' ? {} : { group }),
      kind: access.resource,
    },
  });
}

/** Answers "may I?" from the same rule that would refuse the deed. */
export function reviewAccess(body: unknown, user: string, deny: Deny): object {
  const review = isObject(body) ? body : {};
  const asked = objectAt(objectAt(review, 'spec'), 'resourceAttributes');
  const word = (key: string) => stringAt(asked, key) ?? '';
  const reason = deny({
    user,
    verb: word('verb'),
    group: word('group'),
    resource: word('resource'),
    subresource: word('subresource'),
    namespace: word('namespace'),
    name: word('name'),
  });
  const explanation = reason === undefined || reason === '' ? {} : { reason };
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: review.spec ?? {},
    status: { allowed: reason === undefined, ...explanation },
  };
}
