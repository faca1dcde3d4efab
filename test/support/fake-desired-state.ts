import type { TargetState } from '../../domain/rollout/rollout.ts';

/** The desired state as it should be, in a few lines that can be checked by reading: the reference for the Lua scripts. */
export interface StateModel {
  /** Asks; returns the new rollout's id. */
  request(namespaces: readonly string[], force: boolean, version: string): string;
  begin(namespace: string, token: string): object;
  holds(namespace: string, token: string): boolean;
  release(namespace: string, token: string): void;
  /** Ends a run that holds its lease; true when more was asked meanwhile. */
  finish(namespace: string, token: string, state: TargetState): boolean;
  expire(namespace: string): void;
  rollouts(): readonly string[];
  /** How every target has ended, by `rollout/namespace`. */
  ends(): Record<string, TargetState>;
}

interface Asked {
  readonly rolloutId: string;
  readonly force: boolean;
  readonly version: string;
}

interface NamespaceModel {
  /** Everything that was asked for, in order: its index + 1 is the generation. */
  readonly asked: Asked[];
  handled: number;
  /** The generation that the latest run works on; it has not ended. */
  running: number | undefined;
  lease: { readonly token: string; readonly generation: number } | undefined;
}

export function createStateModel(): StateModel {
  const namespaces = new Map<string, NamespaceModel>();
  const ends = new Map<string, TargetState>();
  const rollouts: string[] = [];

  function of(namespace: string): NamespaceModel {
    const known = namespaces.get(namespace);
    if (known) return known;
    const fresh: NamespaceModel = { asked: [], handled: 0, running: undefined, lease: undefined };
    namespaces.set(namespace, fresh);
    return fresh;
  }

  function end(namespace: string, generation: number, state: TargetState): void {
    const asked = of(namespace).asked[generation - 1];
    if (asked) ends.set(`${asked.rolloutId}/${namespace}`, state);
  }

  return {
    request(names, force, version) {
      const rolloutId = `r${rollouts.length + 1}`;
      rollouts.push(rolloutId);
      for (const name of names) {
        const model = of(name);
        const latest = model.asked.length;
        // What has not begun never will: the new request takes its place.
        if (latest > model.handled && model.running !== latest) end(name, latest, 'superseded');
        model.asked.push({ rolloutId, force, version });
      }
      return rolloutId;
    },
    begin(name, token) {
      const model = of(name);
      if (model.lease) return { kind: 'busy' };
      const generation = model.asked.length;
      const latest = model.asked.at(-1);
      if (!latest || generation <= model.handled) {
        model.lease = undefined;
        return { kind: 'idle' };
      }
      if (model.running !== undefined && model.running !== generation) end(name, model.running, 'superseded');
      model.running = generation;
      model.lease = { token, generation };
      const unanswered = model.asked.slice(model.handled);
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
    holds: (name, token) => of(name).lease?.token === token,
    release(name, token) {
      const model = of(name);
      if (model.lease?.token === token) model.lease = undefined;
    },
    finish(name, token, state) {
      const model = of(name);
      if (model.lease?.token !== token) throw new Error('the model has no such lease');
      const { generation } = model.lease;
      end(name, generation, state);
      model.handled = generation;
      model.running = undefined;
      model.lease = undefined;
      return model.asked.length > generation;
    },
    expire(name) {
      of(name).lease = undefined;
    },
    rollouts: () => rollouts,
    ends: () => Object.fromEntries(ends),
  };
}
