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

/** Requests, and the responses that only the API uses; what clients parse is in the domain. */

export const NamespaceName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'is not a valid namespace name (lower-case letters, digits, "-")',
  );

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
  })
  .superRefine((body, context) => {
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
