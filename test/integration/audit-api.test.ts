import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({});

describe('the audit log', () => {
  test('has what people did, filtered, paged and as JSON Lines', async () => {
    await world.addNamespace('audited', { fdd: OLD });
    await world.withApi({}, ({ url }) =>
      world.withWorker({}, async () => {
        await world.deployed('audited');
        const isCompleted = async () =>
          (await world.http('/api/audit?kind=rollout.completed')).body.entries.length === 1;
        await until(isCompleted, 'the rollout is completed');
        await world.http('/api/namespaces/audited/hold', { method: 'POST', body: { reason: 'freeze' } });
        await world.http('/api/namespaces/audited/release', { method: 'POST', body: { reason: 'thaw' } });

        const { status, body } = await world.http('/api/audit');
        expect(status).toBe(200);
        expect(body.entries.slice(0, 3)).toMatchObject([
          { kind: 'namespace.released', namespaces: ['audited'], reason: 'thaw', trigger: 'api' },
          { kind: 'namespace.held', from: '127.0.0.1', reason: 'freeze' },
          { kind: 'rollout.completed', by: 'skipper' },
        ]);
        const paged = await world.http('/api/audit?kind=namespace&limit=1');
        expect(paged.body.entries).toHaveLength(1);
        const next = await world.http(`/api/audit?kind=namespace&limit=1&cursor=${paged.body.next}`);
        expect(next.body.entries).toMatchObject([{ kind: 'namespace.held' }]);
        const lines = await (await fetch(`${url}/api/audit?format=jsonl&kind=namespace,rollout`)).text();
        const kinds = lines
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line).kind);
        expect(kinds).toEqual([
          'namespace.released',
          'namespace.held',
          'rollout.completed',
          'rollout.started',
          'rollout.requested',
        ]);
        const refused = await world.http('/api/audit?kind=nothing&since=yesterday');
        expect(refused.status).toBe(400);
        expect(refused.body.errors.map(({ field }: { field: string }) => field)).toEqual(['kind', 'since']);
      }),
    );
  });

  test('needs the token if there is one, and has who was refused', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'skipper-')), 'token');
    writeFileSync(file, 's3cret');
    await world.withApi({ flags: { 'auth-token-file': file } }, async ({ url }) => {
      const read = (token?: string) =>
        fetch(`${url}/api/audit?kind=request.refused`, {
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        });
      expect((await read()).status).toBe(401);
      expect((await read('wrong')).status).toBe(401);
      const entries = await until(async () => {
        const { entries: found } = (await (await read('s3cret')).json()) as { entries: { cause: string }[] };
        return found.length === 2 && found;
      }, 'both refusals are noted');
      expect(entries.map(({ cause }) => cause).sort()).toEqual(['no token', 'wrong token']);
    });
  });

  test('is printed by the workers, each entry once', async () => {
    await world.addNamespace('printed', { fdd: OLD });
    const flags = { 'audit-log': 'stdout' };
    await world.withApi({}, async () => {
      const workers = [
        await world.startWorker({ process: true, flags }),
        await world.startWorker({ process: true, flags }),
      ];
      const { id } = await world.deploy({ namespaces: ['printed'] });
      const printed = () =>
        workers
          .flatMap((worker) => worker.lines())
          .filter((line) => line.includes('"logger":"audit"') && line.includes(id))
          .map((line) => JSON.parse(line).audit.kind);
      const arePrinted = () =>
        ['rollout.requested', 'rollout.completed'].every((kind) => printed().includes(kind));
      await until(arePrinted, 'request and end are printed');
      for (const worker of workers) await worker.stop();

      expect(printed().filter((kind) => kind === 'rollout.requested')).toHaveLength(1);
      expect(printed().filter((kind) => kind === 'rollout.completed')).toHaveLength(1);
    });
  });
});
