import { keyOf } from '../../shared/kubernetes/watch.ts';
import type {
  ContainerExit,
  ContainerOutput,
  ContainerRuntime,
  RunningContainer,
} from './container-runtime.ts';
import { silence } from './delays.ts';
import { runBootstrap } from './fdd-bootstrap.ts';
import { runDaemon } from './fdd-daemon.ts';
import type { FddContext } from './fdd-deploy.ts';
import { BOOTSTRAP, isFddImage } from './fdd-names.ts';
import type { Pod } from './kubernetes-objects.ts';
import { mainContainer } from './main-container.ts';
import { whileSlow } from './misbehaviour.ts';
import { type Program, whereOf } from './program.ts';

/** As Kubernetes' scheduler words it. */
const NO_ROOM =
  '0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.';

/** Runs FDD's image: the daemon, or its bootstrap, depending on the pod's command. Any other image just runs. */
export function fddRuntime(context: FddContext): ContainerRuntime {
  const { misbehaviour } = context;
  return {
    pull: async (pod) => {
      const fault = misbehaviour.find('image-pull-failure', whereOf(pod));
      if (fault === undefined) return;
      throw new Error(fault.message ?? `${mainContainer(pod.spec)?.image}: not found`);
    },
    unschedulable: (pod) => {
      const fault = misbehaviour.find('unschedulable', whereOf(pod));
      return fault && (fault.message ?? NO_ROOM);
    },
    configProblem: (pod) => misbehaviour.find('container-config-error', whereOf(pod))?.message,
    start: (pod, output) => {
      const container = mainContainer(pod.spec);
      if (container === undefined || !isFddImage(container.image)) {
        const program = startProgram(pod, output, idle);
        return { ...program, stop: program.kill };
      }
      if (container.command?.[0] === BOOTSTRAP) {
        return startProgram(pod, output, (program) => runBootstrap(context, program));
      }
      const daemon = (program: Program) => runDaemon(context, program);
      const running = startProgram(pod, output, daemon, (signal) =>
        whileSlow(misbehaviour, whereOf(pod), signal),
      );
      // A container that is going to crash is never ready, not even briefly.
      return misbehaviour.find('crash-loop', whereOf(pod)) ? { ...running, ready: never() } : running;
    },
  };
}

function startProgram(
  pod: Pod,
  output: ContainerOutput,
  main: (program: Program) => Promise<ContainerExit>,
  untilReady: (signal: AbortSignal) => Promise<void> = async () => undefined,
): Required<RunningContainer> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const program = { pod, version: whereOf(pod).version, signal, log: output.log };
  const ready = untilReady(signal);
  const exited = ready
    .then(() => (signal.aborted ? killed(signal) : main(program)))
    .catch((error: unknown) => {
      output.log(`General failure in ${keyOf(pod)}: ${String(error)}`);
      return { exitCode: 1 };
    });
  return {
    ready,
    // A killed program counts as ended at once; its work in progress ends automatically.
    exited: Promise.race([exited, killed(signal)]),
    // Process 1 without a handler ignores SIGTERM.
    stop: () => undefined,
    kill: () => stopping.abort(),
  };
}

function never(): Promise<void> {
  return new Promise(() => undefined);
}

async function killed(signal: AbortSignal): Promise<ContainerExit> {
  await silence(signal);
  return { exitCode: 143, reason: 'Error' };
}

function idle({ signal }: Program): Promise<ContainerExit> {
  return killed(signal);
}
