import { afterEach, describe, expect, test } from '@jest/globals';
import { NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({}, (opened) => opened.startApi());

afterEach(() => world.channel.faults.clear());

async function details(namespace: string): Promise<Raw> {
  return (await world.http(`/api/namespaces/${namespace}`)).body;
}

async function healthBecomes(namespace: string, health: string): Promise<Raw> {
  return until(async () => {
    const found = await details(namespace);
    return found.why.health === health && found;
  }, `${namespace} is ${health}`);
}

async function checkReleases(): Promise<void> {
  await world.http('/api/releases/check', { method: 'POST' });
}

describe('a namespace whose target release is unknown', () => {
  test('is unknown, not healthy, until its channel is read', async () => {
    await world.addNamespace('unread', { fdd: NEW });

    const { why } = await healthBecomes('unread', 'unknown');

    expect(why.headline).toContain('what should run here is unknown');
    expect(why.because).toEqual(['Release channel "stable" has not been read yet']);
    expect(why.remedy[0]).toContain('skipper worker');
  });

  test('is degraded if its channel does not exist, with the right remedy, and shows the refused deploy', async () => {
    await world.addNamespace('nowhere', { fdd: NEW, tag: 'nosuchtag' });

    const { id, targets } = await world.deploy({ namespaces: ['nowhere'] });
    // Before its watches show FDD as available, that is why it is degraded.
    const { why, attempts } = await until(async () => {
      const found = await details('nowhere');
      return found.why.code === 'release_unknown' && found;
    }, 'the missing release is the cause');

    expect(why.health).toBe('degraded');

    expect(targets).toMatchObject([{ state: 'failed', code: 'release_unknown' }]);
    expect(why).toMatchObject({ code: 'release_unknown', headline: 'Release "nosuchtag" does not exist.' });
    expect(why.remedy[0]).toContain('data.tag');
    expect(attempts).toMatchObject([
      {
        end: 'refused',
        code: 'release_unknown',
        rolloutId: id,
        reason: expect.stringContaining('does not exist'),
      },
    ]);
  });

  test('is unknown while the release server is down, and is not advised to edit its ConfigMap', async () => {
    world.channel.faults.set('*', { kind: 'status', status: 503 });
    await world.addNamespace('silent', { fdd: OLD, tag: 'latest' });

    await world.withWorker({}, async () => {
      await until(async () => {
        await checkReleases();
        return (await details('silent')).why.code === 'release_source_unavailable';
      }, 'the check has failed');
    });
    const { why } = await details('silent');

    expect(why.health).toBe('unknown');
    expect(why.headline).toContain('Release channel "latest" is unreachable.');
    expect(why.remedy.join(' ')).not.toContain('configmap');
  });

  test('compares with the last good release while the server is down', async () => {
    await world.addNamespace('bridged', { fdd: NEW });
    await world.withWorker({}, async () => {
      await checkReleases();
      await healthBecomes('bridged', 'healthy');
      world.channel.faults.set('*', { kind: 'status', status: 503 });
      await until(async () => {
        await checkReleases();
        return (await details('bridged')).why.because.some((line: string) =>
          line.startsWith('compared with the last good release'),
        );
      }, 'the check has failed');
    });

    expect((await details('bridged')).why.health).toBe('healthy');
  });
});
