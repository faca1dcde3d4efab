import { z } from 'zod';
import { NamespaceDetails } from '../domain/explain/namespace-details.ts';
import { StatusRow } from '../domain/fleet/status-row.ts';

/** Requests, and the answers that only the API knows; what clients read back is in the domain. */

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

const links = z.record(z.string(), z.string()).describe('URLs of what belongs to it');

const anyMapping = z.record(z.string(), z.unknown());

export const NamespaceView = StatusRow.extend({
  config: anyMapping.optional(),
  application: anyMapping.optional(),
  deployment: anyMapping.optional(),
  statuses: z.array(anyMapping),
  pods: z.array(anyMapping),
  bootstrapPod: anyMapping.optional(),
  record: anyMapping.optional(),
  ...NamespaceDetails.shape,
  links,
}).meta({ id: 'Namespace' });

export const ReleaseCheckAccepted = z
  .object({ jobId: z.string(), links })
  .meta({ id: 'ReleaseCheckAccepted' });
