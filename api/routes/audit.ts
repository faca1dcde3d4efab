import { z } from 'zod';
import { AuditEntry } from '../../domain/audit/audit-entry.ts';
import { AUDIT_FAMILIES, isKnownKind } from '../../domain/audit/audit-filter.ts';
import { AuditList } from '../../domain/audit/audit-list.ts';
import { MOMENT_FORMS, parseMoment } from '../../domain/audit/parse-moment.ts';
import { Problem } from '../../domain/problem.ts';
import { type AuditQuery, findAuditEntries } from '../../shared/state/find-audit-entries.ts';
import { JSON_LINES } from '../audit-exports.ts';
import { readQuery, wholeNumber } from '../read-query.ts';
import { type Call, route } from '../route.ts';

const LISTED = 50;
const MAX_LISTED = 500;

const OUTCOMES = AuditEntry.shape.outcome.options;
const text = z.string({ error: 'must be given once' }).optional();
const moment = z
  .string({ error: 'must be given once' })
  .transform((value, context) => {
    const at = parseMoment(value, Date.now());
    if (at === undefined) context.addIssue(`must be ${MOMENT_FORMS}`);
    return at;
  })
  .optional();

const kinds = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((each) => each.split(',')))
  .refine((given) => given.every(isKnownKind), {
    error: `must be a kind, or one of ${AUDIT_FAMILIES.join(', ')}`,
  })
  .optional();

/** A form sends its empty fields, too. */
const withoutEmpty = (query: unknown) =>
  Object.fromEntries(Object.entries(query as object).filter(([, value]) => value !== ''));

export const AuditListQuery = z.preprocess(
  withoutEmpty,
  z.object({
    kind: kinds,
    by: text,
    namespace: text,
    rollout: text,
    outcome: z.enum(OUTCOMES, { error: `must be one of ${OUTCOMES.join(', ')}` }).optional(),
    since: moment,
    until: moment,
    limit: wholeNumber(1, MAX_LISTED).default(LISTED),
    cursor: z
      .string({ error: 'must be given once' })
      .regex(/^\d{1,15}-\d{1,15}$/, 'must be `next` of the page before')
      .optional(),
    format: z.enum(['json', 'jsonl'], { error: 'must be json or jsonl' }).optional(),
  }),
);
export type AuditListQuery = z.infer<typeof AuditListQuery>;

export const auditRoute = route({
  method: 'get',
  path: '/api/audit',
  operationId: 'listAuditEntries',
  summary: 'The audit log: every action of a person and every automatic decision, newest first',
  mutates: false,
  // It has names, addresses and what people wrote.
  showsObjects: true,
  query: {
    kind: `Only these kinds, separated by commas: \`rollout.paused\`, or \`rollout\` for all that begin with it`,
    by: 'Only what this person or address did; `skipper` for automatic decisions',
    namespace: 'Only entries about this namespace, or about a rollout that has it',
    rollout: 'Only entries about the rollout with this id',
    outcome: `Only entries with this outcome: ${OUTCOMES.join(', ')}`,
    since: `Only what was written since then: ${MOMENT_FORMS}`,
    until: 'Only what was written before; like `since`',
    limit: `How many, at most ${MAX_LISTED}; default: ${LISTED}`,
    cursor: '`next` of the page before',
    format: `\`jsonl\`, or the header \`Accept: ${JSON_LINES}\`: all entries that match, one JSON document per line`,
  },
  bounds: { what: 'readings of the audit log', atOnce: 2, waiting: 62 },
  responses: {
    200: {
      description: 'The entries; a page can be short, or empty, although more follow: `next` decides',
      schema: AuditList,
    },
    400: { description: 'The query is invalid; `errors` names the parameter', schema: Problem },
  },
  handle: async (call) => {
    const query = readQuery(AuditListQuery, call.query);
    const wanted = toQuery(query);
    if (isExport(call, query)) return call.auditExports.begin(wanted);
    return { status: 200, body: await findAuditEntries(call.state, { ...wanted, limit: query.limit }) };
  },
});

/** As the log is searched. */
export function toQuery({ kind, by, namespace, rollout, outcome, ...query }: AuditListQuery): AuditQuery {
  const { since, until, cursor } = query;
  return { kinds: kind, by, namespace, rollout, outcome, since, until, cursor };
}

function isExport({ headers }: Pick<Call<unknown>, 'headers'>, { format }: AuditListQuery): boolean {
  return format === undefined ? (headers.accept ?? '').includes(JSON_LINES) : format === 'jsonl';
}
