import equal from 'fast-deep-equal';
import type { FieldSet, KubernetesObject, ManagedFieldsEntry } from './api-object.ts';
import { difference, EMPTY_FIELDS, isEmptySet, union } from './field-set.ts';
import { changedFields } from './object-fields.ts';
import { apiVersionOf, hasStatusSubresource, type ResourceType } from './resource-type.ts';

/** Who writes, as field ownership knows them. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource?: string;
  readonly time: string;
}

export interface OwnershipChange {
  readonly type: ResourceType;
  readonly live?: KubernetesObject;
  readonly next: KubernetesObject;
  readonly writer: Writer;
}

/** The entries after a plain write: the writer takes what it changed, the others lose it. */
export function managedFieldsAfterUpdate(change: OwnershipChange): readonly ManagedFieldsEntry[] {
  const { type, live, next, writer } = change;
  const { changed, removed } = changedFields(live, next, type.isCustom);
  const taken = withoutStatus(changed, type, writer.subresource);
  const entries = live?.metadata.managedFields ?? [];
  if (isEmptySet(taken) && isEmptySet(removed)) return entries;

  const gone = union(taken, removed);
  const others = entries
    .filter((entry) => !isEntryOf(entry, type, writer))
    .map((entry) => withFields(entry, difference(entry.fieldsV1, gone)));
  const own = entries.find((entry) => isEntryOf(entry, type, writer));
  const fields = difference(union(own?.fieldsV1 ?? EMPTY_FIELDS, taken), removed);
  const time = isEmptySet(taken) ? (own?.time ?? writer.time) : writer.time;
  return sortedEntries([...others, newEntry(type, { ...writer, time }, fields)]);
}

/** The entries after an apply: the applier owns exactly what it applied. */
export function managedFieldsAfterApply(
  change: OwnershipChange & { readonly applied: FieldSet },
): readonly ManagedFieldsEntry[] {
  const { type, live, next, writer, applied } = change;
  const { changed, removed } = changedFields(live, next, type.isCustom);
  const gone = union(changed, removed);
  const entries = live?.metadata.managedFields ?? [];
  const own = entries.find((entry) => isEntryOf(entry, type, writer));
  const isUnchanged = own !== undefined && isEmptySet(gone) && equal(own.fieldsV1, applied);
  const others = entries
    .filter((entry) => entry !== own)
    .map((entry) => withFields(entry, difference(entry.fieldsV1, gone)));
  return sortedEntries([...others, isUnchanged ? own : newEntry(type, writer, applied)]);
}

export function isEntryOf(entry: ManagedFieldsEntry, type: ResourceType, writer: Writer): boolean {
  return (
    entry.manager === writer.manager &&
    entry.operation === writer.operation &&
    entry.apiVersion === apiVersionOf(type) &&
    entry.subresource === writer.subresource
  );
}

/** Status that a plain write carries is dropped by the server, so the writer does not come to own it. */
function withoutStatus(fields: FieldSet, type: ResourceType, subresource: string | undefined): FieldSet {
  if (subresource !== undefined || !hasStatusSubresource(type)) return fields;
  const { 'f:status': status, ...rest } = fields;
  return rest;
}

function withFields(entry: ManagedFieldsEntry, fieldsV1: FieldSet): ManagedFieldsEntry {
  return { ...entry, fieldsV1 };
}

function newEntry(type: ResourceType, writer: Writer, fieldsV1: FieldSet): ManagedFieldsEntry {
  return {
    manager: writer.manager,
    operation: writer.operation,
    apiVersion: apiVersionOf(type),
    time: writer.time,
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(writer.subresource === undefined ? {} : { subresource: writer.subresource }),
  };
}

function sortedEntries(entries: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  const order = (entry: ManagedFieldsEntry) => `${entry.operation} ${entry.time} ${entry.manager}`;
  return entries
    .filter((entry) => !isEmptySet(entry.fieldsV1))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
}
