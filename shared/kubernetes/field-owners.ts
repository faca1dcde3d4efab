/** Who wrote which fields of an object, as the API server records it. */
export type ManagedFields = readonly {
  readonly manager?: string;
  readonly time?: string;
  readonly subresource?: string;
  readonly fieldsV1?: unknown;
}[];

/** The manager that owns a field: the last one that changed its value. */
export function ownerOf(entries: ManagedFields | undefined, ...path: readonly string[]): string | undefined {
  return newest((entries ?? []).filter(({ fieldsV1 }) => owns(fieldsV1, path)))?.manager;
}

/** When the manager that owns a field last wrote, in milliseconds since the epoch. */
export function timeOf(entries: ManagedFields | undefined, ...path: readonly string[]): number | undefined {
  const owners = (entries ?? []).filter(({ fieldsV1 }) => owns(fieldsV1, path));
  const time = Date.parse(newest(owners)?.time ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/**
 * The last manager other than `own` that wrote one of these fields, or else anything but the status. Times are in whole
 * seconds: the fields distinguish writes within the same second.
 */
export function lastOtherWriter(
  entries: ManagedFields | undefined,
  own: string,
  paths: readonly (readonly string[])[],
): string | undefined {
  const others = (entries ?? []).filter(
    ({ manager, subresource }) => manager !== own && subresource !== 'status',
  );
  const owner = paths.map((path) => ownerOf(others, ...path)).find((name) => name !== undefined);
  return owner ?? newest(others)?.manager;
}

function owns(fields: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  if (typeof fields !== 'object' || fields === null) return false;
  const inner: unknown = Reflect.get(fields, `f:${first}`);
  return inner !== undefined && owns(inner, rest);
}

function newest(entries: ManagedFields): ManagedFields[number] | undefined {
  return entries.toSorted((a, b) => (a.time ?? '').localeCompare(b.time ?? '')).at(-1);
}
