import { notAcceptable } from './api-error.ts';
import type { Verb } from './api-request.ts';
import { listItemJson, type StoredObject } from './store.ts';

/** How a client wants to see objects: whole, or only their metadata. */
export type Representation = 'whole' | 'metadata';

const METADATA_TYPE = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' } as const;

/** Of the first media type that is named; the lists of metadata have a kind of their own. */
export function representationOf(accept: string | undefined, verb: Verb): Representation {
  const [first = ''] = (accept ?? '').split(',');
  const kind = /;\s*as=([^;]+)/.exec(first)?.[1];
  if (kind === undefined) return 'whole';
  const wanted = verb === 'list' ? `${METADATA_TYPE.kind}List` : METADATA_TYPE.kind;
  if (kind !== wanted) throw notAcceptable(kind);
  return 'metadata';
}

export function kindOfList(kind: string, representation: Representation): string {
  return `${representation === 'metadata' ? METADATA_TYPE.kind : kind}List`;
}

export function apiVersionOfList(apiVersion: string, representation: Representation): string {
  return representation === 'metadata' ? METADATA_TYPE.apiVersion : apiVersion;
}

export function itemJson(stored: StoredObject, representation: Representation): string {
  return representation === 'metadata' ? objectJson(stored, representation) : listItemJson(stored);
}

export function objectJson({ json, object }: StoredObject, representation: Representation): string {
  return representation === 'metadata'
    ? JSON.stringify({ ...METADATA_TYPE, metadata: object.metadata })
    : json;
}

/** A bookmark has only a position. */
export function bookmarkType(
  type: { readonly kind: string; readonly apiVersion: string },
  representation: Representation,
) {
  return representation === 'metadata' ? METADATA_TYPE : type;
}
