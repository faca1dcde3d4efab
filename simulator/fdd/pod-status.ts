import type { ContainerExit } from './container-runtime.ts';
import type { Condition, Container, Pod } from './kubernetes-objects.ts';

/** The state of a pod's main container, as its kubelet knows it; sidecars run until the pod is deleted. */
export interface ContainerReport {
  readonly restartCount: number;
  readonly podStartedAt: string;
  readonly state:
    | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
    | { readonly kind: 'running'; readonly startedAt: string; readonly ready: boolean }
    | { readonly kind: 'terminated'; readonly exit: TerminatedContainer; readonly final: boolean };
  readonly last?: TerminatedContainer | undefined;
}

export interface TerminatedContainer extends ContainerExit {
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** The status of a pod as its kubelet reports it, from the state of its main container. */
export function podStatus(pod: Pod, container: Container, report: ContainerReport): Record<string, unknown> {
  const { state } = report;
  const sidecars = pod.spec.containers.filter(({ name }) => name !== container.name);
  const phase = sidecars.length > 0 && isOver(state) ? 'Running' : phaseOf(state);
  const ready = state.kind === 'running' && state.ready;
  return {
    phase,
    hostIP: '127.0.0.1',
    startTime: report.podStartedAt,
    conditions: conditions(phase, ready, report.podStartedAt),
    containerStatuses: [
      ...sidecars.map((sidecar) => sidecarStatus(sidecar, report.podStartedAt)),
      {
        name: container.name,
        image: container.image,
        imageID:
          state.kind === 'waiting' && report.restartCount === 0 ? '' : `simulated://${container.image}`,
        ready,
        started: state.kind === 'running',
        restartCount: report.restartCount,
        state: containerState(pod, state),
        lastState: report.last === undefined ? {} : { terminated: terminated(report.last) },
      },
    ],
  };
}

function isOver(state: ContainerReport['state']): boolean {
  return state.kind === 'terminated' && state.final;
}

function sidecarStatus({ name, image }: Container, startedAt: string): Record<string, unknown> {
  const state = { running: { startedAt } };
  const imageID = `simulated://${image}`;
  return { name, image, imageID, ready: true, started: true, restartCount: 0, state, lastState: {} };
}

function phaseOf(state: ContainerReport['state']): string {
  if (state.kind === 'terminated' && state.final) return state.exit.exitCode === 0 ? 'Succeeded' : 'Failed';
  if (state.kind === 'waiting' && state.reason !== 'CrashLoopBackOff') return 'Pending';
  return 'Running';
}

function containerState(pod: Pod, state: ContainerReport['state']): Record<string, unknown> {
  switch (state.kind) {
    case 'waiting':
      return { waiting: { reason: state.reason, message: state.message ?? `pod ${pod.metadata.name}` } };
    case 'running':
      return { running: { startedAt: state.startedAt } };
    case 'terminated':
      return { terminated: terminated(state.exit) };
  }
}

function terminated(exit: TerminatedContainer): Record<string, unknown> {
  const { exitCode, startedAt, finishedAt } = exit;
  return { exitCode, reason: exit.reason ?? (exitCode === 0 ? 'Completed' : 'Error'), startedAt, finishedAt };
}

function conditions(phase: string, ready: boolean, since: string): readonly Condition[] {
  const over = phase === 'Succeeded' || phase === 'Failed';
  const notReady = over ? `Pod${phase === 'Succeeded' ? 'Completed' : 'Failed'}` : 'ContainersNotReady';
  const readiness = ready ? { status: 'True' } : { status: 'False', reason: notReady };
  return [
    { type: 'PodScheduled', status: 'True', lastTransitionTime: since },
    { type: 'Initialized', status: 'True', lastTransitionTime: since },
    { type: 'ContainersReady', ...readiness, lastTransitionTime: timestamp() },
    { type: 'Ready', ...readiness, lastTransitionTime: timestamp() },
  ];
}

/** A time in Kubernetes' format: whole seconds. */
export function timestamp(now: Date = new Date()): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}
