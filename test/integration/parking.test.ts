import { describe, expect, test } from '@jest/globals';
import { APPLICATION_STATUSES, APPLICATIONS, pathOf } from '../../shared/kubernetes/resources.ts';
import { isApplicationWrite } from '../support/gate.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { useRedisClient } from '../support/use-redis-client.ts';
import { PROGRESS_DEADLINE_MS } from '../support/world-skippers.ts';

/** One slot: a run that holds it while it waits would stop all others. */
const flags = { concurrency: 1 };
const world = useWorld({}, (opened) => opened.startApi());
const own = useRedisClient(world);

async function addHung(namespace: string): Promise<void> {
  world.fdds.misbehaviour.set(namespace, { kind: 'hang' });
  await world.addNamespace(namespace, { fdd: OLD });
}

async function jobStateOf(namespace: string): Promise<string> {
  const { jobId } = (await world.http(`/api/namespaces/${namespace}`)).body;
  return (await world.job(jobId)).getState();
}

async function parked(namespace: string): Promise<void> {
  await until(async () => (await jobStateOf(namespace)) === 'delayed', `${namespace} is parked`);
}

async function attemptsOf(namespace: string) {
  return (await world.http(`/api/namespaces/${namespace}`)).body.attempts;
}

function writesTo(namespace: string): number {
  return world.audit({ namespace, resource: 'applications', verb: 'patch' }).filter(({ code }) => code < 300)
    .length;
}

/** When these jobs were delayed, until when at most, and when they were promoted, or due; in milliseconds since the epoch. */
async function delaysOf(jobIds: readonly (string | undefined)[]) {
  const entries = await own.redis.xrange(world.queue.toKey('events'), '-', '+');
  const events = entries.map(([id, fields]) => {
    const pairs = fields.flatMap((field, index) => (index % 2 === 0 ? [[field, fields[index + 1]]] : []));
    return { at: Number.parseInt(id, 10), ...Object.fromEntries(pairs) };
  });
  return jobIds.flatMap((jobId) => {
    const ofJob = events.filter((event) => event.jobId === jobId);
    return ofJob.flatMap(({ event, at, delay }, index) => {
      const to =
        ofJob.slice(index).find((later) => later.event === 'waiting')?.at ?? Number.POSITIVE_INFINITY;
      return event === 'delayed' ? [{ from: at, due: Number(delay), to }] : [];
    });
  });
}

describe('a run that waits for FDD', () => {
  test('holds no slot: others are deployed while it waits, and it ends as the same attempt', async () => {
    await Promise.all(['hung-1', 'hung-2', 'hung-3'].map(addHung));
    await world.addNamespace('quick', { fdd: OLD });
    await world.withWorker({ flags }, async () => {
      const hung = await world.deploy({ namespaces: ['hung-1', 'hung-2', 'hung-3'] });
      const quick = await world.deploy({ namespaces: ['quick'] });

      expect((await world.rolloutFinished(quick.id)).state).toBe('completed');
      await parked('hung-1');
      const { body } = await world.http('/api/namespaces/hung-1');
      expect(body).toMatchObject({ state: 'running', phase: 'waiting for FDD' });
      expect(body.reason).toContain('FDD has not picked up the deployment');

      for (const name of ['hung-1', 'hung-2', 'hung-3']) world.fdds.misbehaviour.clear(name);
      const { targets } = await world.rolloutFinished(hung.id);

      expect(targets.map(({ outcome }) => outcome)).toEqual(['updated', 'updated', 'updated']);
      expect(await attemptsOf('hung-1')).toMatchObject([
        { end: 'completed', outcome: 'updated', attempt: 1 },
      ]);
      expect(['hung-1', 'hung-2', 'hung-3'].map(writesTo)).toEqual([1, 1, 1]);
    });
  });

  test('gives way to a newer request at once, and its target is superseded', async () => {
    await addHung('overtaken');
    await world.withWorker({ flags }, async () => {
      const older = await world.deploy({ namespaces: ['overtaken'] });
      await parked('overtaken');
      const before = writesTo('overtaken');

      const askedAt = Date.now();
      const newer = await world.deploy({ namespaces: ['overtaken'], force_bootstrap: true });
      await until(async () => (await world.rollout(newer.id)).targets[0]?.state === 'running', 'it began');
      // Otherwise it would wait until its deadline.
      expect(Date.now() - askedAt).toBeLessThan(PROGRESS_DEADLINE_MS / 2);

      expect((await world.rollout(older.id)).targets[0]).toMatchObject({
        state: 'superseded',
        reason: `superseded by rollout ${newer.id} while it ran`,
      });
      world.fdds.misbehaviour.clear('overtaken');
      expect((await world.rolloutFinished(newer.id)).targets[0]?.state).toBe('completed');
      expect(writesTo('overtaken')).toBe(before + 1);
      expect((await attemptsOf('overtaken')).map(({ end }: { end: string }) => end)).toEqual([
        'completed',
        'superseded',
      ]);
    });
  });

  test('gives way before it is parked, too', async () => {
    await addHung('early');
    await world.withWorker({ flags }, async () => {
      const older = await world.deploy({ namespaces: ['early'] });
      await until(() => writesTo('early') === 1, 'it has written');
      const newer = await world.deploy({ namespaces: ['early'] });
      await until(async () => (await world.rollout(newer.id)).targets[0]?.state === 'running', 'it began');

      expect((await world.rollout(older.id)).targets[0]?.state).toBe('superseded');
      world.fdds.misbehaviour.clear('early');
      await world.rolloutFinished(newer.id);
    });
  });

  test('is continued by another worker if its own is gone, even if nobody saw the event', async () => {
    await addHung('inherited');
    const { id } = await world.withWorker({ flags }, async () => {
      const rollout = await world.deploy({ namespaces: ['inherited'] });
      await parked('inherited');
      return rollout;
    });
    world.fdds.misbehaviour.clear('inherited');
    await until(
      async () => (await world.http('/api/namespaces/inherited')).body.status === 'OK',
      'FDD has deployed it without a worker',
    );
    const { targets } = await world.withWorker({ flags }, () => world.rolloutFinished(id));

    expect(targets[0]).toMatchObject({ state: 'completed', outcome: 'updated', version: NEW });
    expect(writesTo('inherited')).toBe(1);
  });

  test('fails at its deadline, with what it waited for', async () => {
    await addHung('overdue');
    await world.withWorker({ flags: { ...flags, 'progress-deadline': 8 } }, async () => {
      const { id } = await world.deploy({ namespaces: ['overdue'] });
      const [target] = (await world.rolloutFinished(id)).targets;

      expect(target).toMatchObject({ state: 'failed', code: 'progress_deadline', attempt: 1 });
      expect(await delaysOf([target?.jobId])).not.toEqual([]);
    });
  });

  test('is planned again if somebody deletes its Application', async () => {
    await addHung('rivalled');
    await world.withWorker({ flags: { ...flags, 'retry-backoff-base': 0.1 } }, async () => {
      const { id } = await world.deploy({ namespaces: ['rivalled'] });
      await parked('rivalled');

      await world.kube.delete(APPLICATIONS, { namespace: 'rivalled', name: FDD });
      await until(() => writesTo('rivalled') === 2, 'it is written again');
      world.fdds.misbehaviour.clear('rivalled');

      expect((await world.rolloutFinished(id)).targets[0]?.state).toBe('completed');
      const [, first] = await attemptsOf('rivalled');
      expect(first).toMatchObject({ end: 'retrying', code: 'changed_by_others' });
      expect(first.reason).toContain('the Application was deleted');
    });
  });
});

describe('parked runs', () => {
  /** Longer than the test: not their deadline wakes them. */
  const patient = { 'progress-deadline': 600 };

  test('continue on another worker if theirs is killed, whether they are parked or about to be', async () => {
    const names = await world.addNamespaces('orphan', 8, { fdd: OLD });
    for (const name of names) world.fdds.misbehaviour.set(name, { kind: 'hang' });
    const gate = await world.openGate();
    for (const name of names.slice(4)) gate.stall(isApplicationWrite(name));
    const killed = await world.startWorker({ process: true, gate, flags: { ...patient, concurrency: 4 } });
    const { id } = await world.deploy({ namespaces: names });
    await until(async () => (await world.queue.getJobCounts('delayed')).delayed === 4, 'four are parked');
    await until(() => names.every((name) => writesTo(name) === 1), 'the others are written');
    killed.signal('SIGKILL');
    await killed.exited;
    for (const name of names) world.fdds.misbehaviour.clear(name);

    const { targets } = await world.withWorker({ flags: patient }, () => world.rolloutFinished(id));

    expect(targets.map(({ state }) => state)).toEqual(names.map(() => 'completed'));
    expect(names.map(writesTo)).toEqual(names.map(() => 1));
  });

  test('outlast a restart of Redis, and what happened meanwhile is noticed', async () => {
    await addHung('cut-off');
    await world.withWorker({ flags: { ...flags, ...patient } }, async () => {
      const { id } = await world.deploy({ namespaces: ['cut-off'] });
      await parked('cut-off');
      await world.redis.stop();
      world.fdds.misbehaviour.clear('cut-off');
      await until(async () => {
        const path = pathOf(APPLICATION_STATUSES, { namespace: 'cut-off' });
        const { items } = await world.kube.request<{ items: { result: string }[] }>({ method: 'GET', path });
        return items.filter(({ result }) => result === 'SUCCESS').length === 2;
      }, 'FDD has deployed it');
      await world.redis.start();

      const { targets } = await world.rolloutFinished(id);
      expect(targets[0]).toMatchObject({ state: 'completed', outcome: 'updated', attempt: 1 });
      expect(writesTo('cut-off')).toBe(1);
    });
  });
});

describe('--max-in-flight', () => {
  test('bounds what is changed and not verified; a repair of what hangs, and an operator, pass', async () => {
    const names = await world.addNamespaces('full', 12, { fdd: OLD });
    for (const name of names) world.fdds.misbehaviour.set(name, { kind: 'hang' });
    await world.withWorker({ flags: { 'max-in-flight': 2 } }, async () => {
      const detailsOf = async (name: string) => (await world.http(`/api/namespaces/${name}`)).body;
      const { id } = await world.deploy({ namespaces: names });
      await until(async () => {
        const reasons = await Promise.all(names.map(async (name) => (await detailsOf(name)).reason));
        return reasons.filter((reason) => reason.includes('--max-in-flight')).length === 10;
      }, 'ten wait for room');
      const [first = '', ...others] = names.filter((name) => writesTo(name) === 1);
      const [waiting = ''] = names.filter((name) => writesTo(name) === 0);
      expect(others).toHaveLength(1);

      const urgent = await world.deploy({ namespaces: [waiting, first], force_bootstrap: true });
      for (const name of [waiting, first]) world.fdds.misbehaviour.clear(name);
      const { targets } = await world.rolloutFinished(urgent.id);
      expect(targets.map(({ state }) => state)).toEqual(['completed', 'completed']);

      for (const name of names) world.fdds.misbehaviour.clear(name);
      const ended = (await world.rolloutFinished(id)).targets;

      // Each end wakes the next one, which does not wait for its next try.
      const full = ended.filter(({ namespace }) => ![waiting, first, ...others].includes(namespace));
      const delays = await delaysOf(full.map(({ jobId }) => jobId));
      const waits = delays.filter(({ from, due }) => due - from < PROGRESS_DEADLINE_MS / 2);
      expect(waits.some(({ to, due }) => to < due)).toBe(true);
    });
  });
});

describe('an operator', () => {
  test('does not wait behind a large rollout', async () => {
    const names = await world.addNamespaces('crowd', 60, { fdd: OLD });
    for (const name of names) world.fdds.misbehaviour.set(name, { kind: 'hang' });
    await world.addNamespace('urgent', { fdd: OLD });
    const before = world.audit({ resource: 'applications', verb: 'patch' }).length;
    const large = await world.deploy({ namespaces: names });
    const urgent = await world.deploy({ namespaces: ['urgent'] });
    await world.withWorker({ flags: { ...flags, 'max-in-flight': 0 } }, async () => {
      await world.rolloutFinished(urgent.id);

      const [first] = world.audit({ resource: 'applications', verb: 'patch' }).slice(before);
      expect(first?.namespace).toBe('urgent');
      for (const name of names) world.fdds.misbehaviour.clear(name);
      await world.rolloutFinished(large.id);
    });
  });
});
