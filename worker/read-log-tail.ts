import { plainLog } from '../domain/cluster/fdd-log.ts';
import type { LogToRead } from '../domain/cluster/logs-to-read.ts';
import { hideSecrets } from '../domain/hide-secrets.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import { PODS, pathOf } from '../shared/kubernetes/resources.ts';
import type { KubernetesRequest } from '../shared/kubernetes/send-request.ts';

const LOG_BYTES = 64 * 1024;

export interface LogTail extends LogToRead {
  readonly namespace: string;
  /** The kubelet counts lines, not bytes, from the end. */
  readonly lines: number;
}

/** The end of a container's log, at most 64 KiB, without secrets; JSON entries in FDD's plain form. */
export async function readLogTail(
  client: Pick<KubernetesClient, 'stream'>,
  { namespace, pod, container, isPrevious, lines }: LogTail,
  options: Pick<KubernetesRequest, 'signal' | 'retryForbidden'>,
): Promise<string> {
  const stream = await client.stream({
    ...options,
    method: 'GET',
    path: pathOf(PODS, { namespace, name: pod, subresource: 'log' }),
    // Without the container's name, the API server refuses the request if the pod has a sidecar.
    query: { container, tailLines: lines, previous: isPrevious || undefined },
  });
  let tail = Buffer.alloc(0);
  for await (const chunk of stream) {
    tail = Buffer.concat([tail, chunk]);
    if (tail.length > 2 * LOG_BYTES) tail = tail.subarray(-LOG_BYTES);
  }
  return hideSecrets(plainLog(tail.subarray(-LOG_BYTES).toString('utf8').trimEnd()));
}
