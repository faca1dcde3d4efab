import { z } from 'zod';

/** The shapes on the wire: they validate requests, and the OpenAPI document is made of them. */

const namespaceName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'is no namespace name (lower-case letters, digits, "-")');

export const DeployBody = z
  .strictObject({
    namespaces: z
      .array(namespaceName)
      .min(1, 'is empty: name the namespaces, or leave the field out to mean all')
      .optional()
      .describe('Namespaces to deploy; left out means all of them'),
    force_bootstrap: z.boolean().optional().describe('Start a bootstrap pod even where FDD runs'),
    'force-bootstrap': z.boolean().optional().describe('The same, as upstream documents it'),
    dry_run: z.boolean().optional().describe('Only tell the plan; change nothing'),
    omit_steps: z
      .boolean()
      .optional()
      .describe("With dry_run: leave out the plan's steps, which for thousands of namespaces are megabytes"),
  })
  .superRefine((body, context) => {
    const { force_bootstrap: underscore, 'force-bootstrap': hyphen } = body;
    if (underscore !== undefined && hyphen !== undefined && underscore !== hyphen) {
      context.addIssue({
        code: 'custom',
        path: ['force_bootstrap'],
        message: 'contradicts force-bootstrap: give one of the two',
      });
    }
  })
  .meta({ id: 'DeployRequest' });
export type DeployBody = z.infer<typeof DeployBody>;

const targetState = z
  .enum(['pending', 'running', 'paused', 'completed', 'failed', 'cancelled', 'superseded'])
  .meta({ id: 'TargetState' });

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

const links = z.record(z.string(), z.string()).describe('Where to look further');

export const Target = z
  .object({
    namespace: z.string(),
    state: targetState,
    reason: z.string().describe('Why it is in this state; empty while there is nothing to say'),
    version: z.string().optional(),
    outcome: z.string().optional(),
    code: z.string().optional().describe('Error code, where it failed'),
    details: z.array(z.string()).optional().describe("FDD's log lines, conditions, pod reasons, events"),
    warnings: z.array(z.string()).optional(),
    attempt: z.number().int().optional(),
    jobId: z.string().optional(),
    coalesced: z.boolean().optional().describe('One run answers this and an earlier request'),
    startedAt: milliseconds.optional(),
    finishedAt: milliseconds.optional(),
    links,
  })
  .meta({ id: 'Target' });

export const RolloutView = z
  .object({
    id: z.string(),
    state: targetState,
    trigger: z.string(),
    requestedBy: z.string(),
    forceBootstrap: z.boolean(),
    createdAt: milliseconds,
    releases: z.array(z.object({ channel: z.string(), image: z.string(), version: z.string() })),
    counts: z.record(z.string(), z.number().int()),
    targets: z.array(Target),
    links,
  })
  .meta({ id: 'Rollout' });
export type RolloutView = z.infer<typeof RolloutView>;

export const RolloutList = z
  .object({ rollouts: z.array(RolloutView.omit({ targets: true })) })
  .meta({ id: 'RolloutList' });

export const PlanView = z
  .object({
    dryRun: z.literal(true),
    counts: z.record(z.string(), z.number().int()),
    targets: z.array(
      z.object({
        namespace: z.string(),
        action: z.string(),
        reason: z.string(),
        version: z.string().optional(),
        steps: z.array(z.record(z.string(), z.unknown())).optional().describe('Unless omit_steps was asked'),
      }),
    ),
  })
  .meta({ id: 'Plan' });

const statusValue = z.enum([
  'OK',
  'NOT_FOUND',
  'VERSION_MISMATCH',
  'UNAVAILABLE',
  'FAILED',
  'CONFIG_ERROR',
  'HELM_MANAGED',
]);

export const StatusRow = z
  .object({
    name: z.string(),
    namespace: z.string(),
    status: statusValue,
    description: z.string(),
    version: z.string(),
    channel: z.string(),
    state: targetState.optional().describe("State of the namespace's latest request"),
    phase: z.string().optional(),
    reason: z.string().optional(),
    attempt: z.number().int().optional(),
    rollout: z.string().optional(),
    jobId: z.string().optional(),
    changedAt: milliseconds.optional(),
  })
  .meta({ id: 'NamespaceStatus' });
export type StatusRow = z.infer<typeof StatusRow>;

export const StatusList = z.array(StatusRow).meta({ id: 'StatusList' });

const anyMapping = z.record(z.string(), z.unknown());

export const NamespaceView = StatusRow.extend({
  config: z.record(z.string(), z.unknown()).optional(),
  application: z.record(z.string(), z.unknown()).optional(),
  deployment: z.record(z.string(), z.unknown()).optional(),
  statuses: z.array(z.record(z.string(), z.unknown())),
  pods: z.array(z.record(z.string(), z.unknown())),
  bootstrapPod: z.record(z.string(), z.unknown()).optional(),
  record: z.record(z.string(), z.unknown()).optional(),
  row: anyMapping.describe('The row of the fleet page'),
  why: z
    .object({
      headline: z.string(),
      because: z.array(z.string()).describe('The evidence, the most telling first'),
      remedy: z.array(z.string()).describe('What can be done'),
      code: z.string().optional(),
      health: z.string(),
    })
    .describe('Why it is so'),
  attempts: z.array(anyMapping).describe('Newest first; one without an end is running'),
  historyProblem: z.string().optional().describe('Why the attempts are not known'),
  bootstrap: anyMapping.optional().describe("The last bootstrap pod's end, events and log"),
  rollouts: z.array(anyMapping),
  jobs: z.array(anyMapping),
  checks: z.array(anyMapping).describe("FDD's Deployment beside what its Application asks for"),
  conditions: z.array(anyMapping),
  fddPods: z.array(anyMapping).describe('Every pod, and why it is not ready'),
  report: anyMapping.optional().describe('What FDD says of the deployment that stands'),
  now: milliseconds.describe("The server's clock"),
  links,
}).meta({ id: 'Namespace' });

export const NamespaceObjectsView = z
  .object({
    namespace: z.string(),
    readAt: milliseconds,
    objects: z.array(
      z.object({
        kind: z.string(),
        name: z.string(),
        yaml: z.string(),
        problem: z.string().optional().describe('Why it is not shown'),
      }),
    ),
    reports: z.array(anyMapping).describe("FDD's ApplicationStatuses with their logs"),
    plan: z.object({
      action: z.string().optional(),
      reason: z.string(),
      version: z.string().optional(),
      steps: z.array(z.string()),
    }),
    diff: z
      .object({
        problem: z.string().optional(),
        isEqual: z.boolean(),
        hunks: z.array(z.array(z.object({ kind: z.enum(['same', 'added', 'removed']), text: z.string() }))),
      })
      .describe('From the Application that is there to the wanted one'),
  })
  .meta({ id: 'NamespaceObjects' });

export const ReleaseCheckAccepted = z
  .object({ jobId: z.string(), links })
  .meta({ id: 'ReleaseCheckAccepted' });

const time = milliseconds.optional();

export const FleetRowView = z
  .object({
    namespace: z.string(),
    status: statusValue,
    health: z
      .enum(['healthy', 'progressing', 'outdated', 'degraded', 'unmanaged'])
      .describe('How it is doing, in one word'),
    channel: z.string(),
    version: z.string().describe('What runs now; empty where nothing does'),
    wanted: z.string().describe('What should run; empty where that is not known'),
    activity: z.enum([
      'idle',
      'queued',
      'planning',
      'applying',
      'bootstrapping',
      'waiting for FDD',
      'rolling out',
      'retrying',
    ]),
    detail: z.string().describe('What exactly is waited for or done'),
    cause: z.string().describe('The very message of what is wrong; empty where nothing is'),
    causeGroup: z
      .string()
      .describe('The cause without what differs between namespaces: failures are grouped by it'),
    code: z.string().optional().describe('Error code of the latest failure'),
    state: targetState.optional().describe("State of the namespace's latest request"),
    attempt: z.number().int(),
    retryAt: time,
    since: time,
    rollout: z.string().optional(),
    jobId: z.string().optional(),
  })
  .meta({ id: 'FleetRow' });

const count = z.number().int();

const ChannelSummaryView = z
  .object({
    channel: z.string(),
    namespaces: count.describe('Namespaces that follow it'),
    version: z.string().describe('Empty where it is not known'),
    checkedAt: time.describe('When it was last read without a problem, in milliseconds since the epoch'),
    problem: z.string().optional().describe('Why the latest look failed'),
    updated: z.string().optional().describe('When it was published, as the channel says'),
  })
  .meta({ id: 'ChannelSummary' });

export const FleetSummaryView = z
  .object({
    namespaces: count,
    byStatus: z.record(z.string(), count),
    byHealth: z.record(z.string(), count),
    versions: z.array(z.object({ version: z.string(), count })),
    channels: z.array(ChannelSummaryView),
    workers: count.optional().describe('Left out while Redis is away'),
    queue: z
      .object({ waiting: count, active: count, delayed: count, failed: count })
      .optional()
      .describe('Left out while Redis is away'),
    rollouts: z.array(
      z.object({
        id: z.string(),
        trigger: z.string(),
        requestedBy: z.string(),
        createdAt: milliseconds,
        versions: z.array(z.string()),
        state: targetState,
        counts: z.record(z.string(), count),
        etaAt: time.describe('When it will be done at the present pace, in milliseconds since the epoch'),
      }),
    ),
    stale: z.array(z.string()).describe('What cannot be trusted at the moment; empty when all is fresh'),
  })
  .meta({ id: 'FleetSummary' });

const position = z.string().describe('How far this is: `<epoch>.<sequence>`');

export const FleetDocumentView = z
  .object({
    position,
    now: milliseconds.describe("The server's clock, in milliseconds since the epoch"),
    summary: FleetSummaryView,
    rows: z.array(FleetRowView),
  })
  .meta({ id: 'Fleet' });

export const FleetEventView = z
  .union([
    FleetDocumentView.describe('reset: take it instead of everything'),
    z
      .object({ position, rows: z.array(FleetRowView), gone: z.array(z.string()) })
      .describe('rows: what has changed, and the namespaces that are gone'),
    FleetSummaryView.describe('summary'),
    z.object({ now: milliseconds }).describe('tick'),
  ])
  .describe('The data of one event; its `event` field says which of these it is')
  .meta({ id: 'FleetEvent' });

export const ReleaseList = z
  .object({
    channels: z.array(
      ChannelSummaryView.extend({ image: z.string().optional().describe('Left out where it is not known') }),
    ),
    checkIntervalSeconds: z.number().describe('The release check looks this often'),
  })
  .meta({ id: 'ReleaseList' });

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
