/** Deployment ids of a namespace, each as four bytes: a hash. Two ids with one hash only hide that FDD is deaf to one of them. */
export interface IdSet {
  hashes: Int32Array;
  size: number;
}

const ROOM = 8;

export function newIdSet(): IdSet {
  return { hashes: new Int32Array(ROOM), size: 0 };
}

export function hasId(ids: IdSet, id: string): boolean {
  return indexOf(ids, id) >= 0;
}

export function addId(ids: IdSet, id: string): void {
  if (hasId(ids, id)) return;
  if (ids.size === ids.hashes.length) {
    const grown = new Int32Array(ids.size + ROOM);
    grown.set(ids.hashes);
    ids.hashes = grown;
  }
  ids.hashes[ids.size] = hashOf(id);
  ids.size += 1;
}

export function removeId(ids: IdSet, id: string): void {
  const index = indexOf(ids, id);
  if (index < 0) return;
  ids.size -= 1;
  ids.hashes[index] = ids.hashes[ids.size] ?? 0;
}

function indexOf(ids: IdSet, id: string): number {
  const index = ids.hashes.indexOf(hashOf(id));
  return index < ids.size ? index : -1;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash;
}
