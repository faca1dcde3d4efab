import equal from 'fast-deep-equal';
import { invalid, type StatusCause } from './api-error.ts';
import {
  isObject,
  type JsonObject,
  type KubernetesObject,
  listAt,
  objectAt,
  stringAt,
} from './api-object.ts';
import { schemaViolations } from './custom-schema.ts';
import { annotationViolations, labelViolations } from './label-validation.ts';
import type { ResourceType } from './resource-type.ts';

/** The rules that Skipper's and FDD's objects can break; the real server has many more. */
export function validate(type: ResourceType, object: KubernetesObject, live?: KubernetesObject): void {
  const { name } = object.metadata;
  if (type.schema !== undefined) refuse(type, name, schemaViolations(object, type.schema));
  refuse(type, name, [
    ...nameViolations(type, name),
    ...labelViolations(object.metadata.labels, 'metadata.labels'),
    ...annotationViolations(object.metadata.annotations, 'metadata.annotations'),
    ...(live === undefined ? [] : immutableViolations(type, live, object)),
    ...specViolations(type, object),
  ]);
}

function refuse(type: ResourceType, name: string, causes: readonly StatusCause[]): void {
  if (causes.length > 0) throw invalid(type, name, causes);
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const BAD_SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const BAD_LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/** RBAC names may be any path segment. */
function nameViolations(type: ResourceType, name: string): readonly StatusCause[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  if (type.group === 'rbac.authorization.k8s.io') return [];
  if (type.plural === 'namespaces' || type.plural === 'services') {
    return DNS_LABEL.test(name) && name.length <= 63 ? [] : [wrong('metadata.name', name, BAD_LABEL)];
  }
  return SUBDOMAIN.test(name) && name.length <= 253 ? [] : [wrong('metadata.name', name, BAD_SUBDOMAIN)];
}

function specViolations(type: ResourceType, object: KubernetesObject): readonly StatusCause[] {
  if (type.kind === 'Pod') return containerViolations(object.spec, 'spec');
  if (type.group === 'apps') return workloadViolations(object);
  return [];
}

function workloadViolations({ spec }: KubernetesObject): readonly StatusCause[] {
  const template = objectAt(spec, 'template');
  const labels = objectAt(template, 'metadata').labels;
  const wanted = objectAt(objectAt(spec, 'selector'), 'matchLabels');
  const matches =
    Object.keys(wanted).length > 0 &&
    Object.entries(wanted).every(([key, value]) => isObject(labels) && labels[key] === value);
  const mismatch = `Invalid value: ${JSON.stringify(labels ?? null)}: \`selector\` does not match template \`labels\``;
  const field = 'spec.template.metadata.labels';
  return [
    ...(isObject(objectAt(spec, 'selector').matchLabels) ? [] : [required('spec.selector')]),
    ...labelViolations(labels, field),
    ...(matches ? [] : [{ reason: 'FieldValueInvalid', message: mismatch, field }]),
    ...containerViolations(template.spec, 'spec.template.spec'),
  ];
}

function containerViolations(spec: unknown, path: string): readonly StatusCause[] {
  const containers = listAt(spec, 'containers');
  if (containers.length === 0) return [required(`${path}.containers`)];
  return containers.flatMap((container, index) => [
    ...(stringAt(container, 'name') ? [] : [required(`${path}.containers[${index}].name`)]),
    ...(stringAt(container, 'image') ? [] : [required(`${path}.containers[${index}].image`)]),
  ]);
}

function immutableViolations(
  type: ResourceType,
  live: KubernetesObject,
  next: KubernetesObject,
): readonly StatusCause[] {
  if (type.kind === 'Pod') return podChangeViolations(live.spec, next.spec);
  if (type.plural.endsWith('rolebindings') && !equal(live.roleRef, next.roleRef)) {
    return [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(next.roleRef)}: cannot change roleRef`,
        field: 'roleRef',
      },
    ];
  }
  const selectors = [objectAt(live.spec, 'selector'), objectAt(next.spec, 'selector')];
  if (type.group === 'apps' && !equal(selectors[0], selectors[1])) {
    return [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(selectors[1])}: field is immutable`,
        field: 'spec.selector',
      },
    ];
  }
  return [];
}

const POD_FORBIDDEN =
  'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function podChangeViolations(live: unknown, next: unknown): readonly StatusCause[] {
  if (equal(fixedPodFields(live), fixedPodFields(next))) return [];
  return [{ reason: 'FieldValueForbidden', message: POD_FORBIDDEN, field: 'spec' }];
}

function fixedPodFields(spec: unknown): unknown {
  const { activeDeadlineSeconds, tolerations, terminationGracePeriodSeconds, ...fixed } = isObject(spec)
    ? spec
    : {};
  const withoutImages = (field: string) =>
    listAt(spec, field).map((container) => ({ ...(container as JsonObject), image: '' }));
  return {
    ...fixed,
    containers: withoutImages('containers'),
    initContainers: withoutImages('initContainers'),
  };
}

function required(field: string, why?: string): StatusCause {
  const message = why === undefined ? 'Required value' : `Required value: ${why}`;
  return { reason: 'FieldValueRequired', message, field };
}

function wrong(field: string, value: string, why: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field };
}
