import type { Rule } from './helm.ts';

/** What rules allow, one line per group, resource, name and verb, so that differently written rules compare equal. */
export function grantsOf(rules: readonly Rule[]): string[] {
  const grants = rules.flatMap(({ apiGroups, resources, resourceNames = ['*'], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${group}/${resource} ${name}`)),
      ),
    ),
  );
  return [...new Set(grants)].toSorted();
}
