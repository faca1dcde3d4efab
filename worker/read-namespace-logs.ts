import { type LogToRead, logsToRead } from '../domain/cluster/logs-to-read.ts';
import { messageOf } from '../domain/errors.ts';
import type { ContainerLog } from '../domain/explain/namespace-logs.ts';
import type { Core } from '../shared/core.ts';
import { readLogTail } from './read-log-tail.ts';

const LINES = 100;
/** Somebody waits for the answer. */
const READ_MS = 5_000;

/**
 * The last lines of FDD's containers, and of those that keep them from starting. Which pods these are, the watch says: a
 * request names only a namespace, so that no other pod's log can be asked for.
 */
export async function readNamespaceLogs(
  { client, cluster }: Pick<Core, 'client' | 'cluster'>,
  namespace: string,
): Promise<ContainerLog[]> {
  const signal = AbortSignal.timeout(READ_MS);
  const logs = await Promise.all(
    logsToRead(cluster.snapshot(namespace)).map(async (log): Promise<ContainerLog> => {
      try {
        const tail = { ...log, namespace, lines: LINES };
        return { ...log, text: await readLogTail(client, tail, { signal, retryForbidden: false }) };
      } catch (error) {
        return { ...log, text: '', problem: messageOf(error) };
      }
    }),
  );
  return logs.filter((log) => !repeatsPrevious(log, logs));
}

/** Between two starts, the kubelet gives the crashed container's log for both. */
function repeatsPrevious(log: ContainerLog, logs: readonly ContainerLog[]): boolean {
  const isSame = (other: LogToRead) => other.pod === log.pod && other.container === log.container;
  const previous = logs.find((other) => other.isPrevious && isSame(other));
  return !log.isPrevious && previous?.problem === undefined && previous?.text === log.text;
}
