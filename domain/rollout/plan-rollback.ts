/** What is known about a target of the rollout that is taken back. */
export interface RollbackCandidate {
  readonly namespace: string;
  /** It is named in the request. */
  readonly isNamed: boolean;
  /** It is still in the fleet. */
  readonly isInFleet: boolean;
  readonly isAdmitted: boolean;
  /** The rollout has not changed its release. */
  readonly isUnchanged: boolean;
  /** Key of the release that the rollout brings. */
  readonly release: string;
  /** Key of the release that the namespace should have now; undefined if nothing is known. */
  readonly wanted: string | undefined;
  /** Keys of the releases that it can return to, the best one first. */
  readonly earlier: readonly string[];
}

export type RollbackTarget =
  | { readonly kind: 'return'; readonly namespace: string; readonly release: string }
  /** Nothing is done there. */
  | { readonly kind: 'leave'; readonly namespace: string; readonly reason: string };

interface RollbackQuestion {
  /** The rollout that is taken back. */
  readonly id: string;
  /** The version to return to; left out: the newest that was verified before. */
  readonly to?: string | undefined;
  /** Of the releases that are still stored, by key. */
  readonly versions: ReadonlyMap<string, string>;
}

/** Which release each namespace returns to, and why some do not. Leaves out what the rollout has not reached. */
export function planRollback(
  candidates: readonly RollbackCandidate[],
  question: RollbackQuestion,
): RollbackTarget[] {
  return candidates
    .filter(({ isNamed, isAdmitted }) => isNamed || isAdmitted)
    .map((candidate) => planTarget(candidate, question));
}

function planTarget(candidate: RollbackCandidate, question: RollbackQuestion): RollbackTarget {
  const { namespace } = candidate;
  const reason = whyNot(candidate, question);
  if (reason !== undefined) return { kind: 'leave', namespace, reason };
  const release = releaseFor(candidate, question);
  if (release === undefined) return { kind: 'leave', namespace, reason: unknown(question.to) };
  return { kind: 'return', namespace, release };
}

function whyNot(candidate: RollbackCandidate, { id, to }: RollbackQuestion): string | undefined {
  const { isNamed, isInFleet, isAdmitted, isUnchanged, release, wanted } = candidate;
  if (!isInFleet) return 'it is not a FIAAS namespace any more';
  if (!isAdmitted) return `rollout ${id} has not reached it`;
  if (isUnchanged && to === undefined) {
    return `rollout ${id} has not changed its release: name a version to return to one all the same`;
  }
  // Named, it is what the operator wants.
  const isReplaced = wanted !== undefined && wanted !== release;
  if (!isReplaced || isNamed) return undefined;
  return `another release was requested here after rollout ${id}: name the namespace to roll it back all the same`;
}

function releaseFor(
  { release, earlier }: RollbackCandidate,
  { to, versions }: RollbackQuestion,
): string | undefined {
  return earlier.find(
    (key) => key !== release && versions.has(key) && (to === undefined || versions.get(key) === to),
  );
}

function unknown(to: string | undefined): string {
  return to === undefined
    ? 'no earlier verified release is known'
    : `no earlier verified release with version ${to} is known`;
}
