import type { WatchState } from '../../shared/kubernetes/watch-books.ts';
import { watchRemedy, withRemedy } from '../../shared/kubernetes/watch-remedy.ts';
import type { RedisProblem } from '../../shared/redis-problems.ts';

/** A disconnected watch reconnects within a second or two: no warning before that. */
const CUT_FOR_MS = 3_000;

/** Why the view can be out of date, for the operator. */
export function explainStaleness(
  redis: {
    readonly answers: boolean;
    readonly problems?: readonly Pick<RedisProblem, 'text' | 'isSilent'>[];
  },
  watches: readonly (Pick<WatchState, 'synced' | 'problem' | 'lastHeardAt' | 'refused' | 'trouble'> & {
    readonly name: string;
  })[],
  now: number,
): string[] {
  const stale: string[] = [];
  if (!redis.answers) {
    stale.push(
      'Redis does not answer: the state of the cluster is current, but deploys, queue and workers are shown as last seen',
    );
  }
  for (const { text, isSilent } of redis.problems ?? []) if (!isSilent) stale.push(text);
  const unread = watches.filter(({ synced }) => !synced);
  if (unread.length > 0) {
    stale.push(withFirstRemedy(`The cluster has not been read completely yet (${describe(unread)})`, unread));
  }
  const broken = watches.filter(
    ({ synced, problem, lastHeardAt }) => synced && problem !== undefined && now - lastHeardAt > CUT_FOR_MS,
  );
  const refused = broken.filter((watch) => watch.refused);
  if (refused.length > 0) {
    stale.push(`Skipper lacks a permission: namespaces are shown as last seen (${describe(refused)})`);
  }
  const cut = broken.filter((watch) => !watch.refused);
  if (cut.length > 0) {
    stale.push(
      withFirstRemedy(
        `The Kubernetes API cannot be read: namespaces are shown as last seen (${describe(cut)})`,
        cut,
      ),
    );
  }
  return stale;
}

function withFirstRemedy(text: string, watches: readonly Pick<WatchState, 'trouble'>[]): string {
  return withRemedy(
    text,
    watches.find((watch) => watchRemedy(watch) !== undefined),
  );
}

function describe(
  watches: readonly { readonly name: string; readonly problem: string | undefined }[],
): string {
  const problem = watches.find((watch) => watch.problem !== undefined)?.problem;
  const names = watches.map(({ name }) => name).join(', ');
  return problem === undefined ? names : `${names}: ${problem}`;
}
