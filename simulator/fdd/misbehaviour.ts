import { sleep } from './delays.ts';

/** What can be wrong with the FDD of a namespace. */
export type Fault =
  /** The image cannot be had: ErrImagePull, ImagePullBackOff. */
  | { readonly kind: 'image-pull-failure'; readonly message?: string }
  /** FDD ends soon after each start: CrashLoopBackOff. */
  | {
      readonly kind: 'crash-loop';
      readonly exitCode?: number;
      /** As a kubelet words it: Error if left out, or OOMKilled. */
      readonly reason?: string;
      readonly lines?: readonly string[];
    }
  /** The container refers to something that does not exist: CreateContainerConfigError. */
  | { readonly kind: 'container-config-error'; readonly message: string }
  /** No node takes the pod: PodScheduled is False, with the reason Unschedulable. */
  | { readonly kind: 'unschedulable'; readonly message?: string }
  /** The bootstrap never ends, FDD never reports. */
  | { readonly kind: 'hang' }
  /** The deploy ends FAILED, with these lines in its log; before the Deployment is written, or after. */
  | { readonly kind: 'failed'; readonly lines: readonly string[]; readonly afterDeployment?: boolean }
  /** FDD becomes ready late: after this time, or once the fault is cleared. */
  | { readonly kind: 'slow-start'; readonly ms: number }
  /** The bootstrap ends without having done anything. */
  | { readonly kind: 'bootstrap-exits'; readonly exitCode: 0 | 1; readonly lines?: readonly string[] }
  /**
   * FDD's pod is ready, but it does not react to new deployment ids of any Application, as with a hung watch. An FDD that was
   * deaf once stays so until its pod is replaced; with `untilRestart`, one that starts later hears.
   */
  | { readonly kind: 'deaf'; readonly untilRestart?: boolean }
  /** The old FDD says SUCCESS in Application.status only and dies: its ApplicationStatus says RUNNING forever. */
  | { readonly kind: 'status-left-running' };

export type FaultKind = Fault['kind'];

export interface FaultScope {
  /**
   * Only programs of this image version: a release that is bad, while the one before is well. It is the version of the
   * program that misbehaves, so an update that `failed` is to hit is the old FDD's doing.
   */
  readonly version?: string;
}

/** Where a program runs, and which one it is. */
export interface Whereabouts {
  readonly namespace: string;
  readonly version: string;
}

/** Faults by namespace, which can be set and cleared at any time; `*` means every namespace. */
export interface Misbehaviour {
  set(namespace: string, fault: Fault, scope?: FaultScope): void;
  clear(namespace: string): void;
  /** The fault of that kind which a program of this version in this namespace has now. */
  find<K extends FaultKind>(kind: K, where: Whereabouts): Extract<Fault, { kind: K }> | undefined;
  /** Calls back at every change of any fault; returns how to end that. */
  onChange(listener: () => void): () => void;
}

interface ScopedFault {
  readonly fault: Fault;
  readonly scope: FaultScope;
}

export function createMisbehaviour(): Misbehaviour {
  const faults = new Map<string, readonly ScopedFault[]>();
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  return {
    set: (namespace, fault, scope = {}) => {
      const others = (faults.get(namespace) ?? []).filter(
        (other) => other.fault.kind !== fault.kind || other.scope.version !== scope.version,
      );
      faults.set(namespace, [...others, { fault, scope }]);
      changed();
    },
    clear: (namespace) => {
      faults.delete(namespace);
      changed();
    },
    find: (kind, { namespace, version }) => findFault(faults, kind, namespace, version),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function findFault<K extends FaultKind>(
  faults: ReadonlyMap<string, readonly ScopedFault[]>,
  kind: K,
  namespace: string,
  version: string,
): Extract<Fault, { kind: K }> | undefined {
  if (faults.size === 0) return undefined;
  const candidates = [...(faults.get(namespace) ?? []), ...(faults.get('*') ?? [])];
  for (const { fault, scope } of candidates) {
    const applies = scope.version === undefined || scope.version === version;
    if (applies && isOfKind(fault, kind)) return fault;
  }
  return undefined;
}

function isOfKind<K extends FaultKind>(fault: Fault, kind: K): fault is Extract<Fault, { kind: K }> {
  return fault.kind === kind;
}

/** Waits for the time of the fault `slow-start`, unless it is cleared before, or the signal is aborted. */
export async function whileSlow(
  misbehaviour: Misbehaviour,
  where: Whereabouts,
  signal: AbortSignal,
): Promise<void> {
  const slow = misbehaviour.find('slow-start', where);
  if (slow === undefined) return;
  const cleared = new AbortController();
  const forget = misbehaviour.onChange(() => {
    if (misbehaviour.find('slow-start', where) === undefined) cleared.abort();
  });
  await sleep(slow.ms, AbortSignal.any([signal, cleared.signal]));
  forget();
}

/** Waits as long as the fault `hang` is set; comes back as well when the signal is aborted. */
export function whileHanging(
  misbehaviour: Misbehaviour,
  where: Whereabouts,
  signal: AbortSignal,
): Promise<void> {
  const hangs = () => !signal.aborted && misbehaviour.find('hang', where) !== undefined;
  if (!hangs()) return Promise.resolve();
  return new Promise((resolve) => {
    const forget = misbehaviour.onChange(check);
    signal.addEventListener('abort', check, { once: true });
    function check(): void {
      if (hangs()) return;
      forget();
      signal.removeEventListener('abort', check);
      resolve();
    }
  });
}
