import type { TargetState } from '../../domain/rollout/rollout.ts';

/** The reference for the Lua scripts: a model of the desired state, short enough to verify by reading. */
export interface StateModel {
  /** Requests a deploy; returns the new rollout's id. */
  request(namespaces: readonly string[], force: boolean, version: string): string;
  begin(namespace: string, token: string): object;
  holds(namespace: string, token: string): boolean;
  release(namespace: string, token: string): void;
  /** Parks a run that holds its lease; true if there is a newer request, so that it is not parked. */
  park(namespace: string, token: string): boolean;
  /** Whether the next run continues a parked one. */
  resumes(namespace: string): boolean;
  /** Ends a run that holds its lease; true if more was requested meanwhile. */
  finish(namespace: string, token: string, state: TargetState): boolean;
  expire(namespace: string): void;
  rollouts(): readonly string[];
  /** How every target has ended, by `rollout/namespace`. */
  ends(): Record<string, TargetState>;
}

interface ModelRequest {
  readonly rolloutId: string;
  readonly force: boolean;
  readonly version: string;
}

interface NamespaceModel {
  /** All requests in order: index + 1 is the generation. */
  readonly requests: ModelRequest[];
  handled: number;
  /** The generation of the latest run, which has not ended. */
  running: number | undefined;
  lease: { readonly token: string; readonly generation: number } | undefined;
  parked: number | undefined;
}

export function createStateModel(): StateModel {
  const namespaces = new Map<string, NamespaceModel>();
  const ends = new Map<string, TargetState>();
  const rollouts: string[] = [];

  function of(namespace: string): NamespaceModel {
    const known = namespaces.get(namespace);
    if (known) return known;
    const fresh: NamespaceModel = {
      requests: [],
      handled: 0,
      running: undefined,
      lease: undefined,
      parked: undefined,
    };
    namespaces.set(namespace, fresh);
    return fresh;
  }

  function end(namespace: string, generation: number, state: TargetState): void {
    const request = of(namespace).requests[generation - 1];
    if (request) ends.set(`${request.rolloutId}/${namespace}`, state);
  }

  return {
    request(names, force, version) {
      const rolloutId = `r${rollouts.length + 1}`;
      rollouts.push(rolloutId);
      for (const name of names) {
        const model = of(name);
        const latest = model.requests.length;
        // A request that has not begun never will: the new one replaces it.
        if (latest > model.handled && model.running !== latest) end(name, latest, 'superseded');
        model.requests.push({ rolloutId, force, version });
      }
      return rolloutId;
    },
    begin(name, token) {
      const model = of(name);
      if (model.lease) return { kind: 'busy' };
      const generation = model.requests.length;
      const latest = model.requests.at(-1);
      if (!latest || generation <= model.handled) {
        model.lease = undefined;
        return { kind: 'idle' };
      }
      if (model.running !== undefined && model.running !== generation) end(name, model.running, 'superseded');
      model.running = generation;
      model.parked = undefined;
      model.lease = { token, generation };
      const unanswered = model.requests.slice(model.handled);
      return {
        kind: 'run',
        run: {
          generation,
          rolloutId: latest.rolloutId,
          release: { version: latest.version },
          forceBootstrap: unanswered.some(({ force }) => force),
        },
      };
    },
    park(name, token) {
      const model = of(name);
      const { generation } = model.lease?.token === token ? model.lease : { generation: Number.NaN };
      model.lease = undefined;
      const moved = model.requests.length > generation;
      if (!moved) model.parked = generation;
      return moved;
    },
    resumes(name) {
      const { parked, requests } = of(name);
      return parked !== undefined && parked === requests.length;
    },
    holds: (name, token) => of(name).lease?.token === token,
    release(name, token) {
      const model = of(name);
      if (model.lease?.token === token) model.lease = undefined;
    },
    finish(name, token, state) {
      const model = of(name);
      if (model.lease?.token !== token) throw new Error('the model does not have this lease');
      const { generation } = model.lease;
      end(name, generation, state);
      model.handled = generation;
      model.running = undefined;
      model.lease = undefined;
      return model.requests.length > generation;
    },
    expire(name) {
      of(name).lease = undefined;
    },
    rollouts: () => rollouts,
    ends: () => Object.fromEntries(ends),
  };
}
