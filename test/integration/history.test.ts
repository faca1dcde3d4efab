import { describe, expect, test } from '@jest/globals';
import type { NamespaceDetails, NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import type { Attempt } from '../../domain/rollout/attempt.ts';
import type { Fault } from '../../simulator/fdd/misbehaviour.ts';
import { type Gate, isApplicationWrite, isDeploymentWatch } from '../support/gate.ts';
import { NEW, OLD, OLDEST } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld(
  {
    cluster: {
      tokens: { 'skipper-token': 'skipper' },
      deny: ({ user, resource, namespace }) =>
        user === 'skipper' && resource === 'events' && namespace === 'read' ? 'no such right' : undefined,
    },
    flags: { 'api-token': 'skipper-token' },
  },
  async (opened) => {
    await opened.startApi();
  },
);

const worker = { flags: { 'max-attempts': 3, 'retry-backoff-base': 0.05 } };

async function detailsOf(namespace: string): Promise<NamespaceDetails> {
  return (await world.http(`/api/namespaces/${namespace}`)).body;
}

async function objectsOf(namespace: string): Promise<NamespaceObjects> {
  return (await world.http(`/api/namespaces/${namespace}/objects`)).body;
}

function kindsOf(attempt: Attempt | undefined): string[] {
  return (attempt?.steps ?? []).map(({ kind }) => kind);
}

/** The fleet view sees a change a moment after it happened. */
async function settledDetails(namespace: string): Promise<NamespaceDetails> {
  return until(async () => {
    const details = await detailsOf(namespace);
    return details.row.activity === 'idle' && details;
  }, `${namespace} is at rest`);
}

/** Deploys a namespace whose FDD reacts only after the run was seen to wait for it. */
async function deployOnceSeen(namespace: string, step: string): Promise<void> {
  world.fdds.misbehaviour.set(namespace, { kind: 'hang' });
  await world.withWorker(worker, async () => {
    const { id } = await world.deploy({ namespaces: [namespace] });
    await until(async () => kindsOf((await detailsOf(namespace)).attempts[0]).includes(step), step);
    world.fdds.misbehaviour.clear(namespace);
    await world.rolloutFinished(id);
  });
}

/** A run that waits for the Deployment after FDD's report keeps its slot; one that waits for FDD is parked soon. */
function holdVerification(gate: Gate, namespace: string): void {
  gate.stall(isDeploymentWatch);
  let isWritten = false;
  gate.hold((request) => {
    isWritten ||= isApplicationWrite(namespace)(request);
    return isWritten && request.path.includes(`/namespaces/${namespace}/deployments/`);
  });
}

describe('the timeline', () => {
  test('shows what an update did and how long each step took', async () => {
    await world.addNamespace('updated', { fdd: OLD });
    await deployOnceSeen('updated', 'waiting for FDD');

    const { attempts, rollouts, jobs } = await detailsOf('updated');

    expect(attempts).toHaveLength(1);
    const [attempt] = attempts;
    expect(attempt).toMatchObject({
      attempt: 1,
      generation: 1,
      end: 'completed',
      outcome: 'updated',
      trigger: 'api',
      version: NEW,
      times: 1,
    });
    expect(kindsOf(attempt)).toEqual(
      expect.arrayContaining(['observe', 'plan', 'apply-application', 'verify', 'waiting for FDD']),
    );
    const { steps = [], startedAt = 0, endedAt = 0 } = attempt ?? {};
    const ends = steps.map(({ at, ms }) => at + ms);
    expect(ends.slice(0, -1)).toEqual(steps.slice(1).map(({ at }) => at));
    expect(ends.at(-1)).toBeGreaterThanOrEqual(endedAt - startedAt);
    const id = attempt?.jobId ?? '';
    expect(jobs).toMatchObject([{ id, href: `/queues/queue/deploy/${id}` }]);
    expect(rollouts).toMatchObject([{ id: attempt?.rolloutId }]);
  });

  test('shows each retried attempt and the delay before the next one', async () => {
    await world.addNamespace('erring', { fdd: OLD });
    Object.assign(world.cluster.faults, {
      method: /PATCH/,
      path: /\/namespaces\/erring\/applications/,
      errorRate5xx: 1,
    });
    const target = await world.withWorker(worker, () => world.deployed('erring'));
    world.cluster.faults.errorRate5xx = 0;

    const { attempts, why } = await settledDetails('erring');

    expect(target.state).toBe('failed');
    expect(attempts.map(({ attempt, end, code }) => [attempt, end, code])).toEqual([
      [3, 'failed', 'cluster_unavailable'],
      [2, 'retrying', 'cluster_unavailable'],
      [1, 'retrying', 'cluster_unavailable'],
    ]);
    expect(attempts.map(({ retryDelayMs }) => retryDelayMs)).toEqual([
      undefined,
      expect.any(Number),
      expect.any(Number),
    ]);
    expect(why).toMatchObject({ code: 'cluster_unavailable', because: [expect.stringContaining('500')] });
  });

  test('shows the running attempt, and the one whose worker was killed', async () => {
    await world.addNamespace('orphaned', { fdd: OLD });
    const gate = await world.openGate();
    holdVerification(gate, 'orphaned');
    const first = await world.startWorker({ process: true, gate });
    const { id } = await world.deploy({ namespaces: ['orphaned'] });
    const running = await until(async () => {
      const [attempt] = (await detailsOf('orphaned')).attempts;
      return kindsOf(attempt).includes('rolling out') && attempt;
    }, 'the attempt waits for the Deployment');
    first.signal('SIGKILL');
    await first.exited;

    await world.withWorker(worker, () => world.rolloutFinished(id));
    const { attempts } = await detailsOf('orphaned');

    expect(running.end).toBeUndefined();
    expect(attempts.map(({ attempt, end }) => [attempt, end])).toEqual([
      [2, 'completed'],
      [1, 'lost'],
    ]);
    expect(attempts[1]).toMatchObject({ startedAt: running.startedAt, jobId: running.jobId });
    expect(attempts[1]?.reason).toContain('the worker was lost; last phase: rolling out');
    expect(kindsOf(attempts[1])).toContain('rolling out');
  });

  test('shows an attempt whose worker was killed between its writes', async () => {
    await world.addNamespace('cut-off', { fdd: OLD });
    const gate = await world.openGate();
    const held = gate.hold(isApplicationWrite('cut-off'));
    const { id } = await world.deploy({ namespaces: ['cut-off'] });
    const first = await world.startWorker({ process: true, gate });
    await held.arrived();
    first.signal('SIGKILL');
    await first.exited;
    held.release();

    await world.withWorker(worker, () => world.rolloutFinished(id));

    const { attempts } = await detailsOf('cut-off');
    expect(attempts.map(({ end }) => end)).toEqual(['completed', 'lost']);
  });

  test('shows an attempt that was handed over', async () => {
    await world.addNamespace('handed-over', { fdd: OLD });
    world.fdds.misbehaviour.set('handed-over', { kind: 'hang' });
    const gate = await world.openGate();
    const held = gate.hold(isApplicationWrite('handed-over'));
    const first = await world.startWorker({ gate, flags: { 'grace-period': 0.1 } });
    const { id } = await world.deploy({ namespaces: ['handed-over'] });
    await held.arrived();
    // It begins to wait for FDD when it has to stop: otherwise it would be parked soon.
    const stopped = first.stop();
    held.release();
    await stopped;
    world.fdds.misbehaviour.clear('handed-over');

    await world.withWorker(worker, () => world.rolloutFinished(id));

    const { attempts } = await detailsOf('handed-over');
    expect(attempts.map(({ end }) => end)).toEqual(['completed', 'handed over']);
  });

  test('shows consecutive runs without changes as one', async () => {
    await world.addNamespace('quiet', { fdd: OLD });
    await world.withWorker(worker, async () => {
      for (let run = 0; run < 4; run += 1) await world.deployed('quiet');
    });

    const { attempts } = await detailsOf('quiet');

    expect(attempts.map(({ outcome, times, generation }) => [outcome, times, generation])).toEqual([
      ['unchanged', 3, 4],
      ['updated', 1, 1],
    ]);
    expect(attempts[0]?.firstStartedAt).toBeLessThan(attempts[0]?.startedAt ?? 0);
  });

  test('shows consecutive attempts throttled by the API server as one', async () => {
    await world.addNamespace('throttled', { fdd: OLD });
    Object.assign(world.cluster.faults, {
      method: /PATCH/,
      path: /\/namespaces\/throttled\/applications/,
      rejectRate429: 1,
      retryAfterSeconds: 0.1,
    });
    const { id } = await world.deploy({ namespaces: ['throttled'] });

    const attempts = await world.withWorker(worker, async () => {
      const throttled = await until(async () => {
        const seen = (await detailsOf('throttled')).attempts.filter(({ end }) => end !== undefined);
        return (seen[0]?.times ?? 0) >= 3 && seen;
      }, 'the API server refused three times');
      world.cluster.faults.rejectRate429 = 0;
      await world.rolloutFinished(id);
      return throttled;
    });

    expect(attempts).toHaveLength(1);
    expect(attempts[0]).toMatchObject({ end: 'retrying', code: 'rate_limited', attempt: 1 });
  });

  test('keeps the last twenty attempts', async () => {
    await world.addNamespace('busy', { fdd: OLD });
    await world.withWorker(worker, async () => {
      for (let run = 1; run <= 22; run += 1) {
        // Consecutive idle runs would be merged into one.
        const data = { tag: run % 2 === 0 ? OLDEST : 'stable', 'cluster_config.yaml': '{}' };
        await world.kube.request({
          method: 'PATCH',
          patchType: 'merge',
          path: '/api/v1/namespaces/busy/configmaps/fiaas-deploy-daemon',
          body: { data },
        });
        await until(async () => (await detailsOf('busy')).row.channel === data.tag, 'the API sees the tag');
        await world.deployed('busy');
      }
    });

    const { attempts } = await detailsOf('busy');

    expect(attempts).toHaveLength(20);
    expect(attempts[0]?.generation).toBe(22);
    expect(attempts.at(-1)?.generation).toBe(3);
  });
});

describe('the last bootstrap', () => {
  test('keeps its exit code and log after the pod is gone', async () => {
    await world.addNamespace('fresh');
    await deployOnceSeen('fresh', 'bootstrapping');

    const { bootstrap, attempts, fddPods } = await settledDetails('fresh');

    expect(bootstrap).toMatchObject({ exitCode: 0 });
    expect(bootstrap?.log).toContain('Bootstrapped 1 applications');
    expect(kindsOf(attempts[0])).toEqual(
      expect.arrayContaining(['create-bootstrap-pod', 'bootstrapping', 'collecting the bootstrap log']),
    );
    expect(fddPods.map(({ name }) => name)).not.toContain('fiaas-deploy-daemon-bootstrap');
  });
});

interface Misfortune {
  readonly fault: Fault;
  /** Undefined if FDD does not run there yet. */
  readonly fdd?: string;
  /** Only FDDs of this version misbehave. */
  readonly version?: string;
  readonly headline: RegExp;
  readonly because: RegExp;
}

const MISFORTUNES: Readonly<Record<string, Misfortune>> = {
  'no-image': {
    fault: { kind: 'image-pull-failure', message: 'manifest unknown' },
    fdd: OLD,
    version: NEW,
    headline: /image of FDD .* cannot be pulled/,
    because: /ImagePull/,
  },
  'no-image-to-bootstrap': {
    fault: { kind: 'image-pull-failure', message: 'manifest unknown' },
    headline: /image of FDD .* cannot be pulled/,
    because: /ImagePull.*manifest unknown/,
  },
  crashes: {
    fault: { kind: 'crash-loop', exitCode: 3 },
    fdd: OLD,
    version: NEW,
    headline: /is crash-looping/,
    because: /CrashLoopBackOff|exited with code 3/,
  },
  hangs: {
    fault: { kind: 'hang' },
    fdd: OLD,
    headline: /did not become ready with this deployment before the deadline/,
    because: /FDD (has not picked up|reported)/,
  },
  refused: {
    fault: { kind: 'failed', lines: ['403 Forbidden: poddisruptionbudgets.policy is forbidden'] },
    fdd: OLD,
    headline: /FDD lacks a permission/,
    because: /poddisruptionbudgets\.policy is forbidden/,
  },
  'exits-1': {
    fault: { kind: 'bootstrap-exits', exitCode: 1, lines: ['Forbidden: cannot list applications'] },
    headline: /bootstrap pod ended without deploying FDD|is crash-looping/,
    because: /Forbidden: cannot list applications/,
  },
  'exits-0': {
    fault: { kind: 'bootstrap-exits', exitCode: 0, lines: ['Bootstrapped 0 applications'] },
    headline: /bootstrap pod ended without deploying FDD/,
    because: /exit code 0, but FDD was not deployed/,
  },
  slow: {
    fault: { kind: 'slow-start', ms: 60_000 },
    fdd: OLD,
    version: NEW,
    headline: /did not become ready with this deployment before the deadline/,
    because: /not ready|available/,
  },
};

describe('every misbehaviour of FDD', () => {
  test('has its own message and a remedy', async () => {
    for (const [name, { fdd, fault, version }] of Object.entries(MISFORTUNES)) {
      await world.addNamespace(name, fdd === undefined ? {} : { fdd });
      world.fdds.misbehaviour.set(name, fault, version === undefined ? {} : { version });
    }

    const names = Object.keys(MISFORTUNES);
    const { id } = await world.deploy({ namespaces: names });
    // The deadlines are for those that do not end otherwise: the others have far longer than they need.
    const flags = { ...worker.flags, 'progress-deadline': 12, 'bootstrap-deadline': 12 };
    const { targets } = await world.withWorker({ flags }, () => world.rolloutFinished(id));

    expect(targets.map(({ namespace, state }) => [namespace, state])).toEqual(
      expect.arrayContaining(names.map((name) => [name, 'failed'])),
    );
    for (const [name, { headline, because }] of Object.entries(MISFORTUNES)) {
      const { why, attempts } = await settledDetails(name);
      expect({ name, headline: why.headline }).toEqual({ name, headline: expect.stringMatching(headline) });
      expect(why.because.join('\n')).toMatch(because);
      expect(why.remedy).not.toEqual([]);
      expect(attempts[0]).toMatchObject({ end: 'failed', code: why.code });
    }
    const [pod] = (await detailsOf('no-image')).fddPods;
    expect(pod?.reason).toMatch(/ImagePull/);
    const { bootstrap } = await detailsOf('exits-1');
    expect(bootstrap).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('cannot list applications'),
    });
  });
});

describe('the objects', () => {
  test('are shown with what a deploy would change; those that cannot be read are marked', async () => {
    await world.addNamespace('read', { fdd: OLD });

    const { objects, plan, diff } = await objectsOf('read');

    const byKind = new Map(objects.map((object) => [object.kind, object]));
    expect(byKind.get('Deployment')?.yaml).toContain(`image: fiaas/fiaas-deploy-daemon:${OLD}`);
    expect(byKind.get('ConfigMap')?.yaml).toMatch(/^apiVersion: v1\nkind: ConfigMap\n/);
    expect(objects.map(({ yaml }) => yaml).join('\n')).not.toContain('managedFields');
    expect(byKind.get('Events')?.problem).toMatch(
      /Skipper is not allowed to read it: .*events.*no such right/,
    );
    expect(plan).toMatchObject({ action: expect.stringMatching(/update|create/), version: NEW });
    expect(plan.steps.join('\n')).toMatch(/Application \(fiaas\/fiaas-deploy-daemon:2022/);
    expect(plan.steps.at(-1)).toBe('verify deployment (new id)');
    const added = diff.hunks.flat().filter(({ kind }) => kind === 'added');
    expect(added.map(({ text }) => text).join('\n')).toContain(`image: fiaas/fiaas-deploy-daemon:${NEW}`);
  });

  test('match the plan after a deploy', async () => {
    const { plan, diff, reports } = await objectsOf('updated');

    expect(plan.action).toBe('unchanged');
    expect(diff).toEqual({ isEqual: true, hunks: [] });
    expect(reports[0]).toMatchObject({ result: 'SUCCESS' });
  });

  test('are shown while the target version is unknown', async () => {
    await world.addNamespace('lost-channel', { tag: 'nowhere' });

    const { objects, plan, diff } = await objectsOf('lost-channel');

    expect(objects.find(({ kind }) => kind === 'ConfigMap')?.yaml).toContain('tag: nowhere');
    expect(plan.reason).toContain('nowhere');
    expect(diff.problem).toContain('nowhere');
  });

  test('are read by list requests only', async () => {
    const since = world.audit().length;

    // A reading of a moment ago is shared.
    const verbs = await until(async () => {
      await objectsOf('updated');
      const calls = world.audit().slice(since);
      const made = calls.filter(({ namespace }) => namespace === 'updated');
      return made.length > 0 && made;
    }, 'they are read');

    expect(verbs.length).toBeGreaterThan(0);
    expect(new Set(verbs.map(({ verb }) => verb))).toEqual(new Set(['list']));
  });
});

describe('the page', () => {
  test('shows all details without a script', async () => {
    const { status, text, headers } = await world.http('/status/erring');

    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('text/html');
    expect(text).toContain('The Kubernetes API server is unreachable or returns errors.');
    expect(text).toContain('Attempt 3: failed');
    expect(text).toContain('href="/queues/queue/deploy/erring.1');
    expect(text).toContain('<summary><strong>ConfigMap</strong>');
    expect(text).not.toMatch(/ style=|<script>|onclick=/);
  });

  test('of an unknown namespace explains how to make it a FIAAS namespace', async () => {
    const { status, text } = await world.http('/status/nowhere');

    expect(status).toBe(404);
    expect(text).toContain('nowhere is not a FIAAS namespace');
    expect(text).toContain('app=fiaas-deploy-daemon');
  });

  test('escapes text from the cluster', async () => {
    const evil = '</script><script>alert(1)</script><img src=x onerror=alert(1)>';
    await world.addNamespace('evil', { fdd: OLD });
    world.fdds.misbehaviour.set('evil', { kind: 'failed', lines: [evil] });
    await world.withWorker(worker, () => world.deployed('evil'));
    await settledDetails('evil');

    const { text } = await world.http('/status/evil');

    expect(text).toContain('alert(1)');
    expect(text).not.toContain('<script>alert');
    expect(text).not.toContain('<img src=x');
  });
});
