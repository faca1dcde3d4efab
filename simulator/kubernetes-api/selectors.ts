import { badRequest } from './api-error.ts';
import { isObject, type KubernetesObject } from './api-object.ts';
import type { ResourceType } from './resource-type.ts';

export type ObjectFilter = (object: KubernetesObject) => boolean;

/** Both selectors of a list or watch request as one test; undefined when there is nothing to test. */
export function parseSelectors(query: URLSearchParams, type: ResourceType): ObjectFilter | undefined {
  const filters = [
    ...parseLabelSelector(query.get('labelSelector') ?? ''),
    ...parseFieldSelector(query.get('fieldSelector') ?? '', type),
  ];
  if (filters.length === 0) return undefined;
  return (object) => filters.every((matches) => matches(object));
}

function parseLabelSelector(selector: string): readonly ObjectFilter[] {
  return splitOutsideParentheses(selector).map(labelRequirement);
}

function splitOutsideParentheses(selector: string): readonly string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function labelRequirement(text: string): ObjectFilter {
  const membership = /^([^\s!=(),]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(text);
  if (membership !== null) return membershipFilter(membership);

  const comparison = /^([^\s!=(),]+)\s*(==|=|!=)\s*([^\s!=(),]*)$/.exec(text);
  if (comparison !== null) return comparisonFilter(comparison);

  const existence = /^(!?)\s*([^\s!=(),]+)$/.exec(text);
  if (existence === null) throw badRequest(`unable to parse requirement: ${text}`);
  const [, negation, key = ''] = existence;
  return (object) => (labelOf(object, key) !== undefined) === (negation === '');
}

function membershipFilter([, key = '', operator, list = '']: RegExpExecArray): ObjectFilter {
  const values = new Set(list.split(',').map((value) => value.trim()));
  if (operator === 'in') return (object) => values.has(labelOf(object, key) ?? ABSENT);
  return (object) => !values.has(labelOf(object, key) ?? ABSENT);
}

function comparisonFilter([, key = '', operator, value]: RegExpExecArray): ObjectFilter {
  if (operator === '!=') return (object) => labelOf(object, key) !== value;
  return (object) => labelOf(object, key) === value;
}

// No label value can hold a space, so this equals none.
const ABSENT = ' absent ';

function labelOf(object: KubernetesObject, key: string): string | undefined {
  return object.metadata.labels?.[key];
}

function parseFieldSelector(selector: string, type: ResourceType): readonly ObjectFilter[] {
  const terms = selector.split(',').filter((term) => term !== '');
  return terms.map((term) => fieldRequirement(term, type));
}

function fieldRequirement(term: string, type: ResourceType): ObjectFilter {
  const match = /^([^!=]+)(==|=|!=)(.*)$/.exec(term);
  if (match === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const [, label = '', operator, value] = match;
  if (!type.selectableFields.includes(label)) throw unknownFieldLabel(label, type);

  const path = label.split('.');
  const wanted = operator !== '!=';
  return (object) => (fieldAt(object, path) === value) === wanted;
}

function unknownFieldLabel(label: string, type: ResourceType): Error {
  const hasOnlyMetadata = type.selectableFields.every((field) => field.startsWith('metadata.'));
  if (type.isCustom || !hasOnlyMetadata) return badRequest(`field label not supported: ${label}`);
  return badRequest(`"${label}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
}

function fieldAt(object: KubernetesObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
  return value === undefined || value === null ? '' : String(value);
}
