import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { badRequest, failure, internalError, notFound } from './api-error.ts';
import { isObject, type KubernetesObject, listAt, objectAt, stringAt } from './api-object.ts';
import type { ApiRequest } from './api-request.ts';
import type { ResourceType } from './resource-type.ts';
import type { Store } from './store.ts';

const PASSED_ON = [
  'follow',
  'limitBytes',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'timestamps',
];

/** Fetches a container's log from the kubelet of its node, which may be a test's own small server. */
export async function sendPodLog(
  request: ApiRequest,
  { store, nodes }: { readonly store: Store; readonly nodes: ResourceType },
  response: ServerResponse,
): Promise<void> {
  const pod = store.get(request.type, request.namespace ?? '', request.name)?.object;
  if (pod === undefined) throw notFound(request.type, request.name);
  const container = containerOf(pod, request.query.get('container'));
  const nodeName = stringAt(pod.spec, 'nodeName');
  if (nodeName === undefined || nodeName === '') {
    response.writeHead(204).end();
    return;
  }
  const node = store.get(nodes, '', nodeName)?.object;
  // The real server does say "pods" of the missing node.
  if (node === undefined) throw notFound(request.type, nodeName);
  const answer = await askKubelet(logUrl(node, pod, container, request.query));
  if (answer.statusCode !== 200) throw await refusalOf(answer, pod);
  response.writeHead(200, { 'content-type': 'text/plain' });
  answer.pipe(response);
}

function containerOf(pod: KubernetesObject, asked: string | null): string {
  const spec = pod.spec;
  const own = names(listAt(spec, 'containers'));
  const all = [
    ...own,
    ...names(listAt(spec, 'initContainers')),
    ...names(listAt(spec, 'ephemeralContainers')),
  ];
  if (asked !== null && asked !== '') {
    if (all.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  if (own.length === 1) return own[0] ?? '';
  const choice = `choose one of: [${own.join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${pod.metadata.name}, ${choice}`);
}

function names(containers: readonly unknown[]): readonly string[] {
  return containers.map((container) => stringAt(container, 'name') ?? '');
}

function logUrl(
  node: KubernetesObject,
  pod: KubernetesObject,
  container: string,
  query: URLSearchParams,
): URL {
  const addresses = listAt(node.status, 'addresses').filter(isObject);
  const host = addresses.find(({ type }) => type === 'InternalIP')?.address;
  if (typeof host !== 'string') throw internalError('no preferred addresses found; known addresses: []');
  const endpoint = objectAt(objectAt(objectAt(node, 'status'), 'daemonEndpoints'), 'kubeletEndpoint');
  const isPlain = node.metadata.annotations?.['simulator/insecure-kubelet'] === 'true';
  const { namespace, name } = pod.metadata;
  const url = new URL(
    `${isPlain ? 'http' : 'https'}://${host}:${endpoint.Port ?? 10250}/containerLogs/${namespace}/${name}/${container}`,
  );
  for (const key of PASSED_ON) {
    const value = query.get(key);
    if (value !== null) url.searchParams.set(key, value);
  }
  return url;
}

function askKubelet(url: URL): Promise<IncomingMessage> {
  const ask = url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const outgoing = ask(url, { rejectUnauthorized: false, agent: false }, resolve);
    outgoing.on('error', (error) => reject(internalError(`Get "${url}": ${error.message}`)));
    outgoing.end();
  });
}

/** A kubelet's refusal, such as "is waiting to start", in the words the API server gives it. */
async function refusalOf(answer: IncomingMessage, pod: KubernetesObject): Promise<Error> {
  const text = await textOf(answer);
  const code = answer.statusCode ?? 500;
  const details = { name: pod.metadata.name, kind: 'pods/log' };
  if (code === 400) return badRequest(text);
  if (code === 404) {
    const message = `the server could not find the requested resource ( pods/log ${pod.metadata.name})`;
    return failure({ code, reason: 'NotFound', message, details });
  }
  if (code === 403) {
    return failure({
      code,
      reason: 'Forbidden',
      message: `${text} ( pods/log ${pod.metadata.name})`,
      details,
    });
  }
  return failure({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${text}`,
    details: { causes: [{ reason: '', message: text }] },
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
