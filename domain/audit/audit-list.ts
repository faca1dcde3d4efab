import * as z from 'zod';
import { AuditEntry } from './audit-entry.ts';

/** An entry with its position: `<milliseconds>-<number>`. */
export const StoredAuditEntry = AuditEntry.extend({
  id: z
    .string()
    .describe('Its position: `<milliseconds>-<number>`, in the order in which entries were written'),
}).meta({ id: 'StoredAuditEntry' });
export type StoredAuditEntry = Readonly<z.infer<typeof StoredAuditEntry>>;

/** A page of the audit log, newest first. */
export const AuditList = z
  .object({
    entries: z.array(StoredAuditEntry).readonly(),
    next: z.string().optional().describe('The `cursor` of the next page; left out after the last one'),
  })
  .meta({ id: 'AuditList' });
export type AuditList = Readonly<z.infer<typeof AuditList>>;
