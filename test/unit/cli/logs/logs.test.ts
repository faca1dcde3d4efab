import { afterEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../../../cli/exit-code.ts';
import { showLogs } from '../../../../cli/logs/logs-command.ts';
import type { OutputFormat } from '../../../../cli/output-format.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import type { ContainerLog } from '../../../../domain/explain/namespace-logs.ts';
import { type FakeApi, sendJson, startFakeApi } from '../../../support/fake-api.ts';
import { makeIo } from '../../../support/fake-io.ts';

const RUNNING: ContainerLog = { pod: 'fdd-1', container: 'fdd', isPrevious: false, text: 'starts' };
const CRASHED: ContainerLog = { ...RUNNING, isPrevious: true, text: 'line 1\nboom' };
const MISSING: ContainerLog = { ...RUNNING, text: '', problem: 'is waiting to start' };

let api: FakeApi | undefined;
afterEach(() => api?.close());

async function run(logs: readonly ContainerLog[], format: OutputFormat = 'table') {
  api = await startFakeApi({
    'GET /api/namespaces/team-a/logs': (_request, response) =>
      sendJson(response, { namespace: 'team-a', readAt: Date.UTC(2026, 0, 1), logs }),
  });
  const io = makeIo();
  const exitCode = await showLogs(createApiClient({ server: api.url }), 'team-a', format, io);
  return { exitCode, written: io.written() };
}

describe('skipper logs', () => {
  test('prints each log under its container', async () => {
    expect(await run([CRASHED, RUNNING])).toEqual({
      exitCode: EXIT.ok,
      written:
        'fdd-1, container fdd, before its last restart\nline 1\nboom\n\nfdd-1, container fdd\nstarts\n',
    });
  });

  test('says why there is none, and exits with 1', async () => {
    expect(await run([MISSING])).toEqual({
      exitCode: EXIT.failed,
      written: 'fdd-1, container fdd\n(not available: is waiting to start)\n',
    });
    await api?.close();
    expect(await run([])).toEqual({ exitCode: EXIT.failed, written: 'team-a has no pods of FDD.\n' });
  });

  test('lets no log move the cursor', async () => {
    const { written } = await run([{ ...RUNNING, text: 'a\u001b[2Jb\tc\r' }]);

    expect(written).toBe('fdd-1, container fdd\na[2Jb\tc\n');
  });

  test('prints JSON with ISO times', async () => {
    const { written } = await run([RUNNING], 'json');

    expect(JSON.parse(written)).toEqual({
      namespace: 'team-a',
      readAt: '2026-01-01T00:00:00.000Z',
      logs: [RUNNING],
    });
  });
});
