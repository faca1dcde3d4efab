import assert from 'node:assert/strict';
import { isOpen, type TargetState } from '../../domain/rollout/rollout.ts';
import { isCountedFailure, isHeldBack, isInProgress } from '../../domain/rollout/situation.ts';
import type { KnownRollout } from '../../shared/state/rollout-control.ts';

export type CommandKind = 'pause' | 'resume' | 'cancel' | 'retry' | 'skip' | 'approve';

/** The states of a rollout in which a command fits. */
const FITS: Record<CommandKind, readonly TargetState[]> = {
  pause: ['pending', 'running'],
  resume: ['paused'],
  cancel: ['pending', 'running', 'paused'],
  retry: ['pending', 'running', 'paused', 'failed', 'completed'],
  skip: ['pending', 'running', 'paused'],
  approve: ['pending', 'running'],
};

/** What a state can become without a command. */
const DECIDED: Record<TargetState, readonly TargetState[]> = {
  pending: ['running', 'paused', 'completed', 'failed', 'cancelled', 'superseded'],
  running: ['paused', 'completed', 'failed', 'cancelled', 'superseded'],
  paused: ['completed', 'failed', 'cancelled', 'superseded'],
  completed: [],
  failed: [],
  cancelled: [],
  superseded: [],
};

const COMMANDED: Record<CommandKind, readonly TargetState[]> = {
  pause: ['paused'],
  resume: ['pending', 'running'],
  cancel: ['cancelled'],
  retry: ['running'],
  skip: [],
  approve: [],
};

interface Request {
  readonly rolloutId: string;
  /** What it wants was written, in any attempt. */
  wasWritten: boolean;
  /** The attempt that has written it has not ended. */
  isWritten: boolean;
}

interface NamespaceModel {
  /** All admitted requests: index + 1 is the generation. */
  readonly admitted: Request[];
  handled: number;
  /** The rollouts that asked for this namespace, oldest first; one that waits for a resume only when it is admitted. */
  readonly asked: string[];
  token: string | undefined;
  /** The version that its Application has. */
  version: string | undefined;
}

/** The reference for rollouts: short enough to verify by reading. It knows who may do what, not how it is stored. */
export function createRolloutModel() {
  const namespaces = new Map<string, NamespaceModel>();
  const states = new Map<string, TargetState>();
  /** Effective writes by rollout and namespace, and how often the target was retried. */
  const writes = new Map<string, number>();
  const retries = new Map<string, number>();
  /** Targets that were skipped or cancelled before they were admitted: their rollouts request nothing there any more. */
  const withdrawn = new Set<string>();

  function of(namespace: string): NamespaceModel {
    const known = namespaces.get(namespace);
    if (known) return known;
    const fresh: NamespaceModel = {
      admitted: [],
      handled: 0,
      asked: [],
      token: undefined,
      version: undefined,
    };
    namespaces.set(namespace, fresh);
    return fresh;
  }

  function admit(rolloutId: string, namespace: string): void {
    const model = of(namespace);
    if (!model.asked.includes(rolloutId)) model.asked.push(rolloutId);
    model.admitted.push({ rolloutId, wasWritten: false, isWritten: false });
  }

  function unfinished(namespace: string): Request | undefined {
    const { admitted, handled } = of(namespace);
    return admitted.length > handled ? admitted.at(-1) : undefined;
  }

  /** What a decision or a command has changed must be allowed from what was stored before. */
  function checkAdmissions(before: KnownRollout, after: KnownRollout, now: number): void {
    const { id, strategy } = after.rollout;
    const admitted = [...after.plans].filter(
      ([namespace, { admittedAt }]) =>
        admittedAt !== undefined && before.plans.get(namespace)?.admittedAt === undefined,
    );
    for (const [namespace] of admitted) {
      const newest = of(namespace).asked.findLast(
        (each) => each === id || !withdrawn.has(`${each}/${namespace}`),
      );
      // A rollout that was created paused asks when it is admitted.
      const isNewest = newest === id || !of(namespace).asked.includes(id);
      assert.ok(isNewest, `${id} admits ${namespace}, which ${newest} was requested for later`);
      admit(id, namespace);
    }
    if (admitted.length === 0) return;
    assert.ok(['pending', 'running'].includes(before.status.state), `admits while ${before.status.state}`);
    if (strategy?.type !== 'Progressive') return;
    const targets = decided(after);
    const failures = targets.filter(isCountedFailure);
    assert.ok(failures.length <= strategy.maxFailures, 'admits beyond the budget in all');
    for (const [wave, { maxFailures }] of strategy.waves.entries()) {
      const own = failures.filter((target) => target.wave === wave);
      assert.ok(own.length <= maxFailures, `admits beyond the budget of wave ${wave}`);
    }
    const inProgress = targets.filter(isInProgress).length;
    assert.ok(inProgress <= strategy.maxConcurrency, `${inProgress} targets are in progress`);
    const wave = Math.min(...admitted.map(([, plan]) => plan.wave));
    assert.ok(
      admitted.every(([, plan]) => plan.wave === wave),
      'one wave is admitted at a time',
    );
    const isApproved = !strategy.approval || wave === 0 || wave <= (after.status.approvedWave ?? 0);
    assert.ok(isApproved, `wave ${wave} waits for its approval`);
    for (const target of targets.filter((each) => each.wave < wave)) {
      assert.ok(!isOpen(target.state), `wave ${wave} begins before ${target.namespace} has ended`);
      const soakedAt = (target.finishedAt ?? 0) + strategy.minSuccessMs;
      assert.ok(target.state !== 'completed' || soakedAt <= now, `${target.namespace} has not soaked`);
    }
  }

  function noteWithdrawn({ rollout, targets, plans }: KnownRollout): void {
    for (const [namespace, { admittedAt, wasAdmitted }] of plans) {
      const key = `${rollout.id}/${namespace}`;
      const isHeldBack = admittedAt === undefined && !wasAdmitted;
      const state = targets.get(namespace)?.state;
      if (isHeldBack && state !== undefined && !isOpen(state)) withdrawn.add(key);
      else withdrawn.delete(key);
    }
  }

  function checkState(before: KnownRollout, after: KnownRollout, command: CommandKind | undefined): void {
    const [from, to] = [before.status.state, after.status.state];
    if (from !== to) {
      const allowed = command ? COMMANDED[command] : DECIDED[from];
      assert.ok(allowed.includes(to), `${command ?? 'a decision'} makes ${from} ${to}`);
    }
    states.set(after.rollout.id, to);
  }

  /** A command ends only what nothing is written for. */
  function endUnbegun(before: KnownRollout, after: KnownRollout): void {
    const { id } = after.rollout;
    for (const [namespace, { admittedAt }] of before.plans) {
      const [was, is] = [before.targets.get(namespace)?.state, after.targets.get(namespace)?.state];
      const hasEnded = was && is && isOpen(was) && !isOpen(is);
      if (!hasEnded || admittedAt === undefined || after.targets.get(namespace)?.isFinal) continue;
      const request = unfinished(namespace);
      const isOwn = request?.rolloutId === id && !request.wasWritten && of(namespace).token === undefined;
      assert.ok(isOwn, `${namespace} has ended as ${is}, although something is written`);
      of(namespace).handled = of(namespace).admitted.length;
    }
  }

  return {
    /** `known`: as it was stored when it was created. */
    created({ rollout, status, plans }: KnownRollout): void {
      states.set(rollout.id, status.state);
      for (const [namespace, { admittedAt }] of plans) {
        if (admittedAt !== undefined) admit(rollout.id, namespace);
        else if (status.state !== 'paused') of(namespace).asked.push(rollout.id);
      }
    },
    /** `shown`: the state that people see. */
    fits: (command: CommandKind, shown: TargetState) => FITS[command].includes(shown),
    advanced(
      before: KnownRollout,
      after: KnownRollout,
      { command, now }: { readonly command: CommandKind | undefined; readonly now: number },
    ): void {
      checkAdmissions(before, after, now);
      checkState(before, after, command);
      endUnbegun(before, after);
      noteWithdrawn(after);
      for (const [namespace, { state }] of before.targets) {
        const isReopened =
          command === 'retry' && !isOpen(state) && isOpen(after.targets.get(namespace)?.state ?? state);
        const key = `${after.rollout.id}/${namespace}`;
        if (isReopened) retries.set(key, (retries.get(key) ?? 0) + 1);
      }
    },
    wasRetried: (id: string, namespace: string) => (retries.get(`${id}/${namespace}`) ?? 0) > 0,
    /** What a run gets, and what it begins. */
    begin(namespace: string, token: string): { readonly kind: string; readonly rolloutId?: string } {
      const model = of(namespace);
      if (model.token !== undefined) return { kind: 'busy' };
      const request = unfinished(namespace);
      if (!request) return { kind: 'idle' };
      const state = states.get(request.rolloutId);
      if (state === 'paused' && !request.isWritten) return { kind: 'held' };
      if (state === 'cancelled' && !request.wasWritten) {
        model.handled = model.admitted.length;
        return { kind: 'idle' };
      }
      model.token = token;
      return { kind: 'run', rolloutId: request.rolloutId };
    },
    /** What the renewal of a lease reports. */
    renewal(namespace: string, token: string, generation: number): 'lost' | 'moved' | 'held' | 'ours' {
      const { admitted } = of(namespace);
      if (of(namespace).token !== token) return 'lost';
      if (admitted.length > generation) return 'moved';
      const state = states.get(admitted.at(-1)?.rolloutId ?? '');
      return state === 'paused' || state === 'cancelled' ? 'held' : 'ours';
    },
    /** A run writes the Application, if that changes anything. */
    wrote(namespace: string, id: string, version: string): void {
      const model = of(namespace);
      const request = model.admitted.at(-1);
      assert.equal(request?.rolloutId, id, `${id} writes in ${namespace} after a newer request`);
      for (const state of ['paused', 'cancelled'])
        assert.notEqual(states.get(id), state, `${id} writes in ${namespace} while it is ${state}`);
      if (model.version === version) return;
      model.version = version;
      const key = `${id}/${namespace}`;
      const count = (writes.get(key) ?? 0) + 1;
      writes.set(key, count);
      assert.ok(count <= 1 + (retries.get(key) ?? 0), `${id} has written ${count} times in ${namespace}`);
    },
    version: (namespace: string) => of(namespace).version,
    noted(namespace: string): void {
      const request = of(namespace).admitted.at(-1);
      if (request) Object.assign(request, { isWritten: true, wasWritten: true });
    },
    attemptEnded(namespace: string): void {
      const request = of(namespace).admitted.at(-1);
      if (request) request.isWritten = false;
      of(namespace).token = undefined;
    },
    released(namespace: string): void {
      of(namespace).token = undefined;
    },
    finished(namespace: string, generation: number): boolean {
      const model = of(namespace);
      model.handled = generation;
      model.token = undefined;
      return model.admitted.length > generation;
    },
  };
}
export type RolloutModel = ReturnType<typeof createRolloutModel>;

function decided({ targets, plans }: KnownRollout) {
  return [...targets].map(([namespace, { state, startedAt, finishedAt }]) => {
    const { wave = 0, order = 0, admittedAt, isExcused } = plans.get(namespace) ?? {};
    return {
      namespace,
      state,
      startedAt,
      finishedAt,
      wave,
      order,
      admittedAt,
      isExcused,
      isHealthyNow: true,
    };
  });
}

/** What must be true of each stored rollout at any time. */
export function checkRollout(known: KnownRollout, counts: Readonly<Record<TargetState, number>>): void {
  const { rollout, targets, plans, status } = known;
  for (const [state, count] of Object.entries(counts)) {
    const actual = [...targets.values()].filter((target) => target.state === state).length;
    assert.equal(count, actual, `${rollout.id} counts ${count} ${state}, and has ${actual}`);
  }
  for (const namespace of plans.keys())
    assert.ok(targets.has(namespace), `${namespace} has a plan, but no target`);
  for (const [namespace, { admittedAt }] of plans) {
    const { state = 'pending', isFinal } = targets.get(namespace) ?? {};
    const needsAdmission = state === 'running' || state === 'completed';
    assert.ok(isFinal || !needsAdmission || admittedAt, `${namespace} is ${state} and was not admitted`);
  }
  if (rollout.strategy?.type === 'Progressive') {
    const inProgress = decided(known).filter(isInProgress).length;
    assert.ok(
      inProgress <= rollout.strategy.maxConcurrency,
      `${rollout.id} has ${inProgress} targets in progress`,
    );
  }
  const heldBack = decided(known).filter(isHeldBack);
  if (!isOpen(status.state)) {
    assert.deepEqual(heldBack, [], `${rollout.id} is ${status.state} and holds targets back`);
  }
}

/** An end stays, unless it is retried, or a verified namespace falls back while it soaks. */
export function checkEnds(before: KnownRollout, after: KnownRollout, isRetry: boolean): void {
  for (const [namespace, { state }] of before.targets) {
    const now = after.targets.get(namespace);
    if (isOpen(state) || now?.state === state) continue;
    const hasFallen = state === 'completed' && now?.state === 'failed' && now.code === 'fell_back';
    const what = `${after.rollout.id}/${namespace} was ${state} and is ${now?.state}`;
    assert.ok(hasFallen || isRetry, what);
  }
}
