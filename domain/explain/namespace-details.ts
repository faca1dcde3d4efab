import type { Condition, ObservedPod } from '../cluster/observed.ts';
import type { FleetRow } from '../fleet/fleet-row.ts';
import type { Attempt, LastBootstrap } from '../rollout/attempt.ts';
import type { Why } from './why.ts';

/** Everything that is known of one namespace, beside its objects: `GET /api/namespaces/:namespace`, and the page. */
export interface NamespaceDetails {
  readonly namespace: string;
  /** The server's clock, in milliseconds since the epoch. */
  readonly now: number;
  readonly row: FleetRow;
  readonly why: Why;
  /** Newest first; one without an end is running. */
  readonly attempts: readonly Attempt[];
  /** Why the attempts are not known; undefined where they are. */
  readonly historyProblem?: string | undefined;
  readonly bootstrap?: LastBootstrap | undefined;
  readonly rollouts: readonly NamespaceLink[];
  readonly jobs: readonly NamespaceLink[];
  readonly checks: readonly DeploymentCheck[];
  readonly conditions: readonly Condition[];
  /** The bootstrap pod first, while there is one. */
  readonly fddPods: readonly PodDetails[];
  /** What FDD says of the deployment that stands; its log is told while it has not succeeded. */
  readonly report?: FddReport | undefined;
}

export interface NamespaceLink {
  readonly id: string;
  readonly href: string;
  /** Who or what asked. */
  readonly about: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One property of FDD's Deployment, against what its Application asks for. */
export interface DeploymentCheck {
  readonly what: string;
  readonly wanted: string;
  readonly actual: string;
  readonly isRight: boolean;
}

export type PodDetails = Pick<ObservedPod, 'name' | 'phase' | 'ready' | 'restarts' | 'deleting'> & {
  /** Why it is not ready; undefined for one that is. */
  readonly reason: string | undefined;
  readonly isBootstrap: boolean;
};

export interface FddReport {
  /** The ApplicationStatus' name. */
  readonly name: string;
  readonly deploymentId: string | undefined;
  readonly result: string;
  readonly logs: readonly string[];
}

/** What the cluster has at this moment, and what Skipper would make of it: `GET /api/namespaces/:namespace/objects`. */
export interface NamespaceObjects {
  readonly namespace: string;
  /** Milliseconds since the epoch. */
  readonly readAt: number;
  readonly objects: readonly ShownObject[];
  /** FDD's reports with their whole logs, the latest first. */
  readonly reports: readonly FddReport[];
  readonly plan: PlannedDeploy;
  readonly diff: WantedDiff;
}

export interface ShownObject {
  readonly kind: string;
  readonly name: string;
  /** Empty where it could not be read. */
  readonly yaml: string;
  /** Why it is not shown: refused, or not there. */
  readonly problem?: string | undefined;
}

/** What a deploy would do now. */
export interface PlannedDeploy {
  /** `update`, `unchanged`, …; undefined where that cannot be told, for the reason. */
  readonly action?: string | undefined;
  readonly reason: string;
  readonly version?: string | undefined;
  readonly steps: readonly string[];
}

/** The Application that the channel's release wants, against the one that is there; of fields that Skipper writes. */
export interface WantedDiff {
  /** Why there is nothing to compare; undefined where there is. */
  readonly problem?: string | undefined;
  readonly isEqual: boolean;
  readonly hunks: readonly (readonly DiffLine[])[];
}

export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}
