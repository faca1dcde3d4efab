import * as z from 'zod';
import { Trigger } from '../rollout/rollout.ts';

/** What happened. People's actions and automatic decisions have the same kinds: `by` and `trigger` say whose it was. */
export const AUDIT_KINDS = [
  'release.announced',
  'release.found',
  'release.ignored',
  'release.allowed',
  'rollout.requested',
  'rollout.joined',
  'rollout.started',
  'rollout.paused',
  'rollout.resumed',
  'rollout.completed',
  'rollout.failed',
  'rollout.cancelled',
  'rollout.superseded',
  'rollout.retried',
  'rollout.skipped',
  'rollout.approved',
  'rollout.approval-wanted',
  'rollout.rolled-back',
  'rollout.interrupted',
  'plan.made',
  'plan.carried-out',
  'namespace.held',
  'namespace.pinned',
  'namespace.released',
  'namespace.failing',
  'namespace.recovered',
  'heal.step',
  'heal.quarantined',
  'heal.unquarantined',
  'heal.stopped',
  'heal.resumed',
  'heal.blocked',
  'heal.unblocked',
  'board.action',
  'request.refused',
  'outage.redis',
  'outage.cluster',
  'outage.ended',
  'state.rebuilt',
  'notify.tested',
] as const;
export const AuditKind = z.enum(AUDIT_KINDS).meta({ id: 'AuditKind' });
export type AuditKind = z.infer<typeof AuditKind>;

/** How many namespaces an entry names. */
export const NAMED_NAMESPACES = 20;

/** One line of the audit log. */
export const AuditEntry = z
  .object({
    at: z.number().int().describe('Milliseconds since the epoch'),
    kind: AuditKind,
    by: z
      .string()
      .describe('The person, as far as known, `skipper` for an automatic decision, or the id of a webhook'),
    trigger: Trigger.optional().describe(
      'What was used: the API, the command line, the board, the release check',
    ),
    from: z.string().optional().describe('The address that the request came from'),
    namespaces: z.array(z.string()).readonly().optional().describe(`At most the first ${NAMED_NAMESPACES}`),
    count: z.number().int().optional().describe('How many namespaces it is about'),
    rolloutId: z.string().optional(),
    release: z.string().optional().describe('The version that it is about'),
    channel: z.string().optional(),
    rule: z.string().optional().describe('The rule that caused it, for healing'),
    reason: z
      .string()
      .describe('Why, in the words of the person or of the rule that decided; empty if none was given'),
    cause: z
      .string()
      .optional()
      .describe('The reason without what differs between namespaces: equal causes are grouped'),
    outcome: z.enum(['ok', 'refused', 'failed']),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = Readonly<z.infer<typeof AuditEntry>>;
