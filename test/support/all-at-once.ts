import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A rollout policy that reaches all namespaces at once: tests of rollouts have their own. */
const ALL_AT_ONCE =
  'api: {type: All}\nrelease: {type: All}\nretry: {type: All}\nboard: {type: All}\ncli: {type: All}\n';

/** Writes the policy into a folder; returns its path. */
export async function writeAllAtOnce(folder: string): Promise<string> {
  const path = join(folder, 'rollout-policy.yaml');
  // Another Skipper can be reading this file: it is replaced, never emptied.
  const written = `${path}.${randomUUID()}`;
  await writeFile(written, ALL_AT_ONCE);
  await rename(written, path);
  return path;
}
