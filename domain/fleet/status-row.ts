import * as z from 'zod';
import { NamespaceStatus } from '../cluster/status.ts';
import { TargetState } from '../rollout/rollout.ts';

/** Upstream's six keys, and the progress of the namespace's latest request. */
export const StatusRow = NamespaceStatus.extend({
  state: TargetState.optional().describe("State of the namespace's latest request"),
  phase: z.string().optional(),
  reason: z.string().optional(),
  attempt: z.number().int().optional(),
  rollout: z.string().optional(),
  jobId: z.string().optional(),
  changedAt: z.number().int().optional().describe('Milliseconds since the epoch'),
}).meta({ id: 'NamespaceStatus' });
export type StatusRow = Readonly<z.infer<typeof StatusRow>>;

/** `GET /api/status` */
export const StatusList = z.array(StatusRow).meta({ id: 'StatusList' });
