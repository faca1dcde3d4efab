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
        steps: z.array(z.record(z.string(), z.unknown())),
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

export const NamespaceView = StatusRow.extend({
  config: z.record(z.string(), z.unknown()).optional(),
  application: z.record(z.string(), z.unknown()).optional(),
  deployment: z.record(z.string(), z.unknown()).optional(),
  statuses: z.array(z.record(z.string(), z.unknown())),
  pods: z.array(z.record(z.string(), z.unknown())),
  bootstrapPod: z.record(z.string(), z.unknown()).optional(),
  record: z.record(z.string(), z.unknown()).optional(),
  links,
}).meta({ id: 'Namespace' });

export const ReleaseCheckAccepted = z
  .object({ jobId: z.string(), links })
  .meta({ id: 'ReleaseCheckAccepted' });

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
