import { z } from 'zod';
import { NamespaceConfig } from '../domain/cluster/namespace-config.ts';
import {
  ObservedApplication,
  ObservedDeployment,
  ObservedPod,
  ObservedStatus,
} from '../domain/cluster/observed.ts';
import { NamespaceDetails } from '../domain/explain/namespace-details.ts';
import { StatusRow } from '../domain/fleet/status-row.ts';
import { NamespaceRecord } from '../domain/rollout/namespace-record.ts';
import { Strategy } from '../domain/rollout/strategy.ts';

/** Requests, and the responses that only the API uses; what clients parse is in the domain. */

export const NamespaceName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'is not a valid namespace name (lower-case letters, digits, "-")',
  );

const MAX_REASON = 500;

const Reason = z
  .string({ error: ({ input }) => (input === undefined ? 'is missing: say why' : 'must be a text: say why') })
  .trim()
  .min(1, 'is empty: say why')
  .max(MAX_REASON, `is longer than ${MAX_REASON} characters: shorten it`)
  .describe('Why, for the people who read it later');

const Version = z
  .string({ error: 'must be the version of a release, such as 20220808113256-eef68a8' })
  .regex(/^[^\s\p{Cc}]{1,200}$/u, 'must be the version of a release, without spaces');

const Namespaces = z
  .array(NamespaceName, { error: 'must be a list of namespaces' })
  .min(1, 'is empty: list the namespaces, or omit the field');

export const DeployBody = z
  .strictObject({
    namespaces: z
      .array(NamespaceName)
      .min(1, 'is empty: list the namespaces, or omit the field to deploy all')
      .optional()
      .describe('Namespaces to deploy; omit to deploy all'),
    force_bootstrap: z.boolean().optional().describe('Start a bootstrap pod even if FDD is running'),
    'force-bootstrap': z
      .boolean()
      .optional()
      .describe('The same as force_bootstrap, in the spelling that upstream documents'),
    dry_run: z.boolean().optional().describe('Return only the plan; change nothing'),
    omit_steps: z
      .boolean()
      .optional()
      .describe("With dry_run: omit the plan's steps, which are megabytes for thousands of namespaces"),
    strategy: Strategy.optional().describe('How it reaches its targets; omit to do as the policy says'),
    reason: Reason.optional(),
    plan: z
      .string()
      .optional()
      .describe('The id of a plan to carry out exactly as it is; no other field can be set with it'),
  })
  .superRefine((body, context) => {
    if (body.plan !== undefined && Object.keys(body).length > 1) {
      const message = 'is carried out exactly as it is: omit the other fields';
      context.addIssue({ code: 'custom', path: ['plan'], message });
    }
    const { force_bootstrap: underscore, 'force-bootstrap': hyphen } = body;
    if (underscore !== undefined && hyphen !== undefined && underscore !== hyphen) {
      context.addIssue({
        code: 'custom',
        path: ['force_bootstrap'],
        message: 'contradicts force-bootstrap: set only one of the two',
      });
    }
  })
  .meta({ id: 'DeployRequest' });
export type DeployBody = z.infer<typeof DeployBody>;

const links = z.record(z.string(), z.string()).describe('URLs of related resources');

export const NamespaceView = StatusRow.extend({
  config: NamespaceConfig.optional().describe('Left out if the ConfigMap cannot be read'),
  application: ObservedApplication.optional(),
  deployment: ObservedDeployment.optional(),
  statuses: z.array(ObservedStatus).readonly(),
  pods: z.array(ObservedPod).readonly(),
  bootstrapPod: ObservedPod.optional(),
  record: NamespaceRecord.optional(),
  ...NamespaceDetails.shape,
  links,
}).meta({ id: 'Namespace' });

export const ReleaseCheckAccepted = z
  .object({ jobId: z.string(), links })
  .meta({ id: 'ReleaseCheckAccepted' });

/** pause, resume, cancel, approve, and what ends a hold */
export const ReasonBody = z.strictObject({ reason: Reason }).meta({ id: 'Reason' });
export type ReasonBody = z.infer<typeof ReasonBody>;

export const RetryBody = z
  .strictObject({
    reason: Reason,
    namespaces: Namespaces.optional().describe('Failed targets; omit to retry all of them'),
  })
  .meta({ id: 'RetryRequest' });
export type RetryBody = z.infer<typeof RetryBody>;

export const SkipBody = z
  .strictObject({
    reason: Reason,
    namespaces: z
      .array(NamespaceName, { error: 'is missing: list the namespaces to skip' })
      .min(1, 'is empty: list the namespaces to skip'),
  })
  .meta({ id: 'SkipRequest' });
export type SkipBody = z.infer<typeof SkipBody>;

export const QuarantineReleaseBody = z
  .strictObject({
    reason: Reason,
    namespaces: z
      .array(NamespaceName, { error: 'is missing: list the namespaces to release' })
      .min(1, 'is empty: list the namespaces to release'),
  })
  .meta({ id: 'QuarantineReleaseRequest' });
export type QuarantineReleaseBody = z.infer<typeof QuarantineReleaseBody>;

export const RollbackBody = z
  .strictObject({
    reason: Reason,
    namespaces: Namespaces.optional().describe(
      'Targets of the rollout; omit for all that it has reached and that no later request has changed',
    ),
    to: Version.optional().describe(
      'The version to return to; omit for the newest that was verified before, in each namespace',
    ),
    strategy: Strategy.optional().describe('Omit to roll all namespaces back at once'),
  })
  .meta({ id: 'RollbackRequest' });
export type RollbackBody = z.infer<typeof RollbackBody>;

export const PinBody = z
  .strictObject({
    reason: Reason,
    version: Version.optional().describe('Omit for the one that was verified there last'),
  })
  .meta({ id: 'PinRequest' });
export type PinBody = z.infer<typeof PinBody>;

export const IgnoreBody = z
  .strictObject({ reason: Reason, version: Version })
  .meta({ id: 'IgnoreReleaseRequest' });
export type IgnoreBody = z.infer<typeof IgnoreBody>;

export const HookAccepted = z
  .object({ repeated: z.boolean().describe('This id was accepted before: nothing was done') })
  .meta({ id: 'HookAccepted' });

export const TestNotificationBody = z
  .strictObject({ receiver: z.string().max(100).optional().describe('Its name; omit for all') })
  .meta({ id: 'NotificationTestRequest' });
export type TestNotificationBody = z.infer<typeof TestNotificationBody>;
