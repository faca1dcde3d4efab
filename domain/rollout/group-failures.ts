import type { FailureGroup } from './rollout-status.ts';

const SHOWN_CAUSES = 3;
const SHOWN_NAMESPACES = 5;

/** The most frequent cause first. */
export function groupFailures(
  failures: readonly { readonly namespace: string; readonly cause?: string | undefined }[],
): FailureGroup[] {
  const groups = new Map<string, string[]>();
  for (const { namespace, cause } of failures) {
    const key = cause || 'unknown cause';
    groups.set(key, groups.get(key) ?? []);
    groups.get(key)?.push(namespace);
  }
  return [...groups]
    .map(([cause, namespaces]) => ({ cause, namespaces: namespaces.sort() }))
    .sort((a, b) => b.namespaces.length - a.namespaces.length || (a.cause < b.cause ? -1 : 1));
}

/** `CrashLoopBackOff (team-a, team-b); exceeded quota: compute (team-c)`; long lists are cut. */
export function describeFailures(groups: readonly FailureGroup[]): string {
  const shown = groups.slice(0, SHOWN_CAUSES).map(({ cause, namespaces }) => `${cause} (${cut(namespaces)})`);
  const more = groups.length - shown.length;
  return more > 0
    ? `${shown.join('; ')}; and ${more} more ${more === 1 ? 'cause' : 'causes'}`
    : shown.join('; ');
}

function cut(namespaces: readonly string[]): string {
  const shown = namespaces.slice(0, SHOWN_NAMESPACES).join(', ');
  const more = namespaces.length - SHOWN_NAMESPACES;
  return more > 0 ? `${shown} and ${more} more` : shown;
}
