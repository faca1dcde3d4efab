import type { NamespaceSnapshot } from '../domain/cluster/observed.ts';
import type { RolloutView } from '../domain/rollout/rollout-view.ts';
import type { NamespaceHistory } from '../shared/state/records.ts';

/**
 * Without the token, readers see states and their causes in one line, but no logs, no environments and no configuration.
 * It is left out before anything is explained, so that no explanation quotes it.
 */

export function withholdHistory({ attempts, bootstrap }: NamespaceHistory): NamespaceHistory {
  return {
    attempts: attempts.map((attempt) => ({ ...attempt, details: [] })),
    bootstrap: bootstrap && { ...bootstrap, log: '', events: [] },
  };
}

export function withholdObjects(snapshot: NamespaceSnapshot): NamespaceSnapshot {
  const { application, deployment, statuses } = snapshot;
  return {
    ...snapshot,
    statuses: statuses.map((status) => ({ ...status, logs: [] })),
    deployment: deployment && { ...deployment, environment: {} },
    application: application && {
      ...application,
      config: {},
      ...(application.status === undefined ? {} : { status: { ...application.status, logs: [] } }),
    },
  };
}

/** Details of targets quote the logs of FDD and its bootstrap. */
export function withholdEvidence(rollout: RolloutView): RolloutView {
  return { ...rollout, targets: rollout.targets.map(({ details: _, ...target }) => target) };
}
