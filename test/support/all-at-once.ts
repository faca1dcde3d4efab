import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A rollout policy that reaches all namespaces at once: tests of rollouts have their own. */
const ALL_AT_ONCE =
  'api: {type: All}\nrelease: {type: All}\nretry: {type: All}\nboard: {type: All}\ncli: {type: All}\n';

/** Writes the policy into a folder; returns its path. */
export async function writeAllAtOnce(folder: string): Promise<string> {
  const path = join(folder, 'rollout-policy.yaml');
  await writeFile(path, ALL_AT_ONCE);
  return path;
}
