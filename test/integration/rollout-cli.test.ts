import { afterEach, describe, expect, test } from '@jest/globals';
import { createCli, shown } from '../support/cli-process.ts';
import { NEW, OLD } from '../support/published.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const POLICY = `release: {type: Progressive, canary: 1, waves: [50%, 100%], minSuccessTime: 1s}
cli: {type: All}
`;
const APPROVED =
  '{type: Progressive, canary: 1, waves: [100%], minSuccessTime: 1s, maxConcurrency: 1, approval: true}';

const world = useWorld({}, async (opened) => {
  opened.channel.publish('stable', OLD);
  const policy = await writeInto(opened, 'policy.yaml', POLICY);
  await opened.startStandalone({
    flags: { 'rollout-policy': policy, 'disable-autoupdate': false, 'release-check-interval': 1 },
  });
});
const { start, skipper, killAll } = createCli(world);
afterEach(killAll);

const reason = (text: string) => ['--reason', text];

async function versionOf(namespace: string): Promise<string | undefined> {
  return (await world.application(namespace))?.spec.image.split(':').at(-1);
}

/** The only rollout that the list shows with these filters. */
async function listed(...filters: string[]): Promise<string> {
  const { out } = await skipper(['rollout', 'list', '-o', 'json', ...filters]);
  return JSON.parse(out).rollouts[0]?.id ?? '';
}

/** The newest rollout of a release check. */
async function latestRelease(): Promise<string> {
  return (await world.http('/api/rollouts?trigger=release&limit=1')).body.rollouts[0].id;
}

describe('a rollout in waves', () => {
  test('waits for an approval, is paused, resumed, approved and completed by commands', async () => {
    const names = await world.addNamespaces('steered', 3);
    await until(
      async () => (await Promise.all(names.map(versionOf))).every((version) => version === OLD),
      'all have the release',
    );
    const deploy = start([
      'deploy',
      ...names,
      '--wait',
      '--strategy',
      APPROVED,
      ...reason('OPS-1: settings'),
    ]);
    await until(() => deploy.out().includes('skipper rollout approve'), 'the approval is requested');
    const id = /rollout (\S+) has started/.exec(deploy.out())?.[1] ?? '';

    const pause = await skipper(['rollout', 'pause', id, ...reason('OPS-2: lunch')]);
    const waited = await deploy.ended;

    expect(pause).toMatchObject({ code: 0, out: expect.stringContaining(`rollout ${id} paused: `) });
    expect(waited.code).toBe(1);
    expect(waited.err).toMatch(/is paused by .*: OPS-2: lunch\n.*skipper rollout resume/s);
    expect(await listed('--trigger', 'cli', '--state', 'paused')).toBe(id);

    const again = await skipper(['rollout', 'pause', id, ...reason('twice')]);
    const unexplained = await skipper(['rollout', 'resume', id]);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('cannot pause a rollout that is') });
    expect(unexplained).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });

    const skipped = (await skipper(['rollout', 'show', id, '-o', 'json'])).out;
    const { targets } = JSON.parse(skipped);
    const pending = targets.find(({ state }: { state: string }) => state === 'pending').namespace;
    await skipper(['rollout', 'skip', id, pending, ...reason('OPS-3: frozen')]);
    await skipper(['rollout', 'resume', id, ...reason('OPS-2: back')]);
    const watch = start(['rollout', 'watch', id]);
    await until(() => watch.out().includes('skipper rollout approve'), 'the approval is requested again');
    const approve = await skipper(['rollout', 'approve', id, ...reason('OPS-1: fine')]);

    expect(approve).toMatchObject({ code: 0, out: expect.stringContaining('approved') });
    const { code, out } = await watch.ended;
    expect(code).toBe(0);
    expect(out).toMatch(/paused by .*skipped by .*resumed by .*approved by .*is completed: /s);
    expect(out).toContain(`${pending} cancelled: skipped by`);
  });
});

describe('a bad release', () => {
  test('is explained, followed until it pauses, and rolled back; its namespaces are held', async () => {
    const names = (await skipper(['status', '--search', 'steered', '-o', 'json'])).out;
    for (const { namespace } of JSON.parse(names).rows) {
      world.fdds.misbehaviour.set(namespace, { kind: 'crash-loop' }, { version: NEW });
    }
    const before = await latestRelease();
    world.channel.publish('stable', NEW);
    const id = await until(async () => {
      const latest = await latestRelease();
      return latest !== before && latest;
    }, 'the rollout has begun');

    const watch = await skipper(['rollout', 'watch', id]);
    const show = await skipper(['rollout', 'show', id]);
    const onTerminal = await skipper(['rollout', 'show', id], { columns: 70 });

    expect(watch.code).toBe(1);
    expect(watch.err).toContain(`rollout ${id} is paused: 1 target of the canary failed`);
    expect(show.out).toMatch(new RegExp(`^${id} {2}paused {2}1 of 3 ended, 1 failed$`, 'm'));
    expect(show.out).toMatch(/^ {2}1 canary \[!{20}\] 1 of 1 ended, 1 failed$/m);
    expect(show.out).toMatch(/Failures\n {2}- .*CrashLoopBackOff.*\n {4}steered-\d$/m);
    expect(show.out).toContain(`skipper rollback ${id}`);
    for (const line of shown(onTerminal.out).split('\n')) {
      if (!line.includes('skipper ')) expect(line.length).toBeLessThan(70);
    }

    const rollback = await skipper(['rollback', id, '--wait', ...reason('OPS-5: crash-loops')]);
    const back = /rollout (\S+) has started/.exec(rollback.out)?.[1] ?? '';
    const backWatch = await skipper(['rollout', 'watch', back]);
    const holds = await skipper(['holds']);

    expect(rollback).toMatchObject({ code: 0, err: '' });
    expect(rollback.out).toContain(`back in 1 namespace to ${OLD}`);
    expect(rollback.out).toMatch(new RegExp(`rollout ${back} \\d of \\d ended`));
    expect(backWatch.code).toBe(0);
    expect(holds.out).toMatch(/^steered-\d .* rollout \S+ was rolled back: OPS-5: crash-loops$/m);
  });
});

describe('holds', () => {
  test('are set, listed and ended; a reason is asked for on a terminal', async () => {
    await world.addNamespace('held');
    await until(async () => (await skipper(['why', 'held'])).code !== 2, 'the namespace is known');

    const pin = await skipper(['pin', 'held', '--version', NEW, ...reason('OPS-6: audit')]);
    const csv = await skipper(['holds', '-o', 'csv']);
    const release = await skipper(['release', 'held', ...reason('OPS-6: done')]);
    const hold = await skipper(['hold', 'held'], { columns: 80, input: 'OPS-7: typed\n' });
    const unknown = await skipper(['hold', 'nowhere', ...reason('OPS-8')]);

    expect(pin).toMatchObject({ code: 0, out: expect.stringContaining(`held is pinned to ${NEW}`) });
    expect(csv.out).toMatch(new RegExp(`^held,${NEW},\\S+Z,[^,]+,OPS-6: audit,\r$`, 'm'));
    expect(release).toMatchObject({ code: 0, out: expect.stringContaining('held is not held any more') });
    expect(hold.code).toBe(0);
    expect(shown(hold.out)).toContain('Reason (kept, and shown to others): ');
    expect((await skipper(['holds'])).out).toMatch(/^held .* OPS-7: typed$/m);
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('not a FIAAS namespace') });
  });

  test('of a version: ignored, listed, and ended', async () => {
    const version = '20990101000000-0000000';

    const ignore = await skipper(['ignore', version, ...reason('OPS-9: bad')]);
    const list = await skipper(['ignore', '--list']);
    const end = await skipper(['ignore', '--end', version, ...reason('OPS-9: good')]);
    const twice = await skipper(['ignore', '--end', version, ...reason('OPS-9: good')]);

    expect(ignore).toMatchObject({
      code: 0,
      out: expect.stringContaining(`skipper ignore --end ${version}`),
    });
    expect(list.out).toMatch(new RegExp(`^${version} .* OPS-9: bad$`, 'm'));
    expect(end).toMatchObject({ code: 0, err: '' });
    expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('is not ignored') });
  });
});
