import { expect, test } from '@jest/globals';
import type { StoredAuditEntry } from '../../../domain/audit/audit-list.ts';
import { printAudit } from '../../../worker/print-audit.ts';
import { silentLog } from '../../support/builders.ts';
import { until } from '../../support/until.ts';

const ENTRY: StoredAuditEntry = {
  id: '1-0',
  at: Date.parse('2026-11-29T08:00:00Z'),
  kind: 'rollout.paused',
  by: 'jo',
  reason: 'see https://jo:hunter2@example.com',
  outcome: 'ok',
};

test('an entry is printed as one line of JSON without secrets, then confirmed', async () => {
  const happened: string[] = [];
  const left = [ENTRY];
  const printer = printAudit({
    state: {
      readAudit: (group, name) => ({
        take: async () => left.splice(0),
        done: async (entries) =>
          void happened.push(...entries.map(({ id }) => `${group} ${name} done ${id}`)),
        leave: async () => void happened.push('left'),
      }),
    },
    print: (line) => void happened.push(line),
    log: silentLog,
    everyMs: 2,
    name: 'me',
  });
  await until(() => happened.length === 2, 'it is printed and confirmed');
  await printer.stop();

  const [line = '', ...rest] = happened;
  expect(rest).toEqual(['stdout me done 1-0', 'left']);
  expect(line).toMatch(/^[^\n]+\n$/);
  expect(JSON.parse(line)).toEqual({
    level: 'INFO',
    '@timestamp': '2026-11-29T08:00:00.000Z',
    logger: 'audit',
    message: 'rollout.paused by jo: see https://***@example.com',
    audit: { ...ENTRY, reason: 'see https://***@example.com' },
  });
});
