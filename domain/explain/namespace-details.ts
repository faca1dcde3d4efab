import * as z from 'zod';
import { Condition } from '../cluster/observed.ts';
import { FleetRow, Health } from '../fleet/fleet-row.ts';
import { FleetSummary } from '../fleet/fleet-summary.ts';
import { HealthRules } from '../heal/healing-view.ts';
import { Attempt, LastBootstrap } from '../rollout/attempt.ts';
import { Wait } from '../rollout/wait.ts';

const milliseconds = z.number().int().describe('Milliseconds since the epoch');
const lines = z.array(z.string()).readonly();

/** The explanation of one namespace: at the top of its page, and printed by `skipper why`. */
export const Why = z
  .object({
    headline: z.string().describe('One sentence: what is wrong, what is in progress, or that it is healthy'),
    because: lines.describe('The evidence, the most useful line first'),
    remedy: lines.describe('What an operator can do, in order; empty if there is nothing to do'),
    offer: z
      .literal('bootstrap')
      .optional()
      .describe('No FDD runs, so that the remedy needs a forced bootstrap: the page has a button for it'),
    code: z.string().optional().describe('Error code, if an error is the reason'),
    health: Health,
  })
  .meta({ id: 'Why' });
export type Why = Readonly<z.infer<typeof Why>>;

export const NamespaceLink = z
  .object({
    id: z.string(),
    href: z.string(),
    about: z.string().describe('Who or what made the request'),
    at: milliseconds,
  })
  .meta({ id: 'NamespaceLink' });
export type NamespaceLink = Readonly<z.infer<typeof NamespaceLink>>;

/** One property of FDD's Deployment, compared with its Application. */
export const DeploymentCheck = z
  .object({ what: z.string(), wanted: z.string(), actual: z.string(), isRight: z.boolean() })
  .meta({ id: 'DeploymentCheck' });
export type DeploymentCheck = Readonly<z.infer<typeof DeploymentCheck>>;

export const PodDetails = z
  .object({
    name: z.string(),
    phase: z.string(),
    ready: z.boolean(),
    restarts: z.number().int(),
    deleting: z.boolean(),
    reason: z.string().optional().describe('Why it is not ready; left out if it is'),
    isBootstrap: z.boolean(),
  })
  .meta({ id: 'PodDetails' });
export type PodDetails = Readonly<z.infer<typeof PodDetails>>;

export const FddReport = z
  .object({
    name: z.string().describe("The ApplicationStatus' name"),
    deploymentId: z.string().optional(),
    result: z.string(),
    logs: lines,
  })
  .meta({ id: 'FddReport' });
export type FddReport = Readonly<z.infer<typeof FddReport>>;

/** Everything known about one namespace except its objects: the page, and part of `GET /api/namespaces/:namespace`. */
export const NamespaceDetails = z
  .object({
    namespace: z.string(),
    now: z.number().int().describe("The server's clock, in milliseconds since the epoch"),
    row: FleetRow,
    isWithheld: z
      .boolean()
      .optional()
      .describe('Logs, environment and configuration are left out: the request has no token'),
    why: Why,
    holds: z
      .array(Wait)
      .readonly()
      .optional()
      .describe(
        'What keeps it from its release, in order; empty if nothing does, left out if it is unknown, as while Redis is unreachable',
      ),
    healing: HealthRules.describe('Its health rules, and what healing does about those that hold'),
    ...FleetSummary.pick({ notices: true, stale: true }).shape,
    attempts: z.array(Attempt).readonly().describe('Newest first; one without an end is running'),
    historyProblem: z
      .string()
      .optional()
      .describe('Why the attempts are unknown; left out if they are known'),
    bootstrap: LastBootstrap.optional().describe("The last bootstrap pod's end, events and log"),
    rollouts: z.array(NamespaceLink).readonly(),
    jobs: z.array(NamespaceLink).readonly(),
    checks: z.array(DeploymentCheck).readonly().describe("FDD's Deployment compared with its Application"),
    conditions: z.array(Condition).readonly(),
    fddPods: z.array(PodDetails).readonly().describe('The bootstrap pod first, while it exists'),
    report: FddReport.optional().describe(
      "FDD's report on the current deployment, with its log until it has succeeded",
    ),
  })
  .meta({ id: 'NamespaceDetails' });
export type NamespaceDetails = Readonly<z.infer<typeof NamespaceDetails>>;

export const ShownObject = z
  .object({
    kind: z.string(),
    name: z.string(),
    yaml: z.string().describe('Empty if it could not be read'),
    problem: z.string().optional().describe('Why it is not shown: not allowed, or not found'),
  })
  .meta({ id: 'ShownObject' });
export type ShownObject = Readonly<z.infer<typeof ShownObject>>;

/** What a deploy would do now. */
export const PlannedDeploy = z
  .object({
    action: z.string().optional().describe('`update`, `unchanged`, …; left out if unknown, see `reason`'),
    reason: z.string(),
    version: z.string().optional(),
    steps: lines,
  })
  .meta({ id: 'PlannedDeploy' });
export type PlannedDeploy = Readonly<z.infer<typeof PlannedDeploy>>;

export const DiffLine = z.object({ kind: z.enum(['same', 'added', 'removed']), text: z.string() });
export type DiffLine = Readonly<z.infer<typeof DiffLine>>;

/** The Application for the channel's release, compared with the actual one; only fields that Skipper writes. */
export const WantedDiff = z
  .object({
    problem: z.string().optional().describe('Why there is nothing to compare'),
    isEqual: z.boolean(),
    hunks: z.array(z.array(DiffLine).readonly()).readonly(),
  })
  .meta({ id: 'WantedDiff' });
export type WantedDiff = Readonly<z.infer<typeof WantedDiff>>;

/** The current objects in the cluster, and what a deploy would change: `GET /api/namespaces/:namespace/objects`. */
export const NamespaceObjects = z
  .object({
    namespace: z.string(),
    readAt: milliseconds,
    objects: z.array(ShownObject).readonly(),
    reports: z.array(FddReport).readonly().describe("FDD's reports with their full logs, latest first"),
    plan: PlannedDeploy,
    diff: WantedDiff,
  })
  .meta({ id: 'NamespaceObjects' });
export type NamespaceObjects = Readonly<z.infer<typeof NamespaceObjects>>;
