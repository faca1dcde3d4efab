import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import { messageOf } from '../../domain/errors.ts';
import { explainNamespace } from '../../domain/explain/explain-namespace.ts';
import type { NamespaceDetails, NamespaceLink } from '../../domain/explain/namespace-details.ts';
import { toFleetRow } from '../../domain/fleet/to-fleet-row.ts';
import type { Attempt } from '../../domain/rollout/attempt.ts';
import type { Wait } from '../../domain/rollout/wait.ts';
import type { NamespaceHistory } from '../../shared/state/records.ts';
import type { RouteServices } from '../route.ts';
import { jobLink, rolloutLink } from '../views.ts';
import { withholdHistory, withholdObjects } from '../withhold.ts';
import { checkDeployment, currentReport, describePods } from './check-deployment.ts';
import { readHealthRules } from './read-health-rules.ts';
import { readWaits } from './read-waits.ts';

const NOTHING_REQUESTED = { record: undefined, requested: undefined, seen: undefined };
const NO_HISTORY: NamespaceHistory = { attempts: [], bootstrap: undefined };

export interface DescribeSources extends Pick<RouteServices, 'state' | 'view' | 'policy'> {
  /** Logs, environment and configuration can be shown. */
  readonly isTrusted: boolean;
}

/** Collects what is known about a FIAAS namespace; `known`: what the cluster shows of it. */
export async function describeNamespace(
  { state, view, policy, isTrusted }: DescribeSources,
  known: NamespaceSnapshot,
  base: string,
): Promise<NamespaceDetails> {
  const { namespace } = known;
  const snapshot = isTrusted ? known : withholdObjects(known);
  // A namespace that has just appeared has no row yet.
  const row = view.row(namespace) ?? toFleetRow({ ...NOTHING_REQUESTED, snapshot: known });
  let history = NO_HISTORY;
  let holds: readonly Wait[] | undefined;
  let historyProblem: string | undefined;
  const reading = readHealthRules(state, known);
  try {
    [history, holds] = await Promise.all([
      state.history(namespace),
      readWaits({ state, policy }, known, row).catch(() => undefined),
      view.refresh(),
    ]);
  } catch (error) {
    historyProblem = messageOf(error);
  }
  const { attempts, bootstrap } = isTrusted ? history : withholdHistory(history);
  const healing = await reading;
  const { channels, notices, stale } = view.summary();
  const channel = channels.find((each) => each.channel === row.channel);
  return {
    namespace,
    now: Date.now(),
    row,
    ...(isTrusted ? {} : { isWithheld: true }),
    why: explainNamespace({
      row,
      snapshot,
      attempts,
      bootstrap,
      channelProblem: channel?.problem,
      channelCode: channel?.code,
      notices,
      holds,
      healing,
    }),
    ...(holds && { holds }),
    healing,
    notices,
    stale,
    attempts,
    historyProblem,
    bootstrap,
    rollouts: rolloutsOf(attempts, base),
    jobs: jobsOf(attempts, base),
    checks: checkDeployment(snapshot),
    conditions: snapshot.deployment?.conditions ?? [],
    fddPods: describePods(snapshot),
    report: currentReport(snapshot),
  };
}

/** The rollouts of the attempts, each once, latest first. */
export function rolloutsOf(attempts: readonly Attempt[], base: string): NamespaceLink[] {
  return linksBy(attempts, ({ rolloutId }) => ({ id: rolloutId, href: rolloutLink(rolloutId, base) }));
}

export function jobsOf(attempts: readonly Attempt[], base: string): NamespaceLink[] {
  return linksBy(attempts, ({ jobId }) => ({ id: jobId, href: jobLink(jobId, base) }));
}

function linksBy(
  attempts: readonly Attempt[],
  linkOf: (attempt: Attempt) => Pick<NamespaceLink, 'id' | 'href'>,
): NamespaceLink[] {
  const links = new Map<string, NamespaceLink>();
  for (const attempt of attempts) {
    const link = linkOf(attempt);
    if (link.id === '' || links.has(link.id)) continue;
    links.set(link.id, {
      ...link,
      about: `${attempt.trigger} · ${attempt.requestedBy}`,
      at: attempt.startedAt,
    });
  }
  return [...links.values()];
}
