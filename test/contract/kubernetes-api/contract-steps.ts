import { expect, test } from '@jest/globals';
import { type Answer, eventually, type Method, type SendOptions, type WatchStream } from '../api-client.ts';
import { applicationDefinition } from './contract-objects.ts';
import { APPLY } from './media-types.ts';
import { applications, statuses } from './paths.ts';

/** The requests that the contract's tests send to a server. */
export type ContractSteps = ReturnType<typeof createContractSteps>;

export interface ContractServer {
  send(method: Method, path: string, options?: SendOptions): Promise<Answer>;
  openWatch(path: string, accept?: string): Promise<WatchStream>;
  compact(): Promise<void>;
  /** A token of user `stranger`, who has no rights. */
  readonly strangerToken: string;
  readonly hasControllers: boolean;
}

export function createContractSteps({
  send,
  openWatch,
  compact,
  strangerToken,
  hasControllers,
}: ContractServer) {
  const testWithControllers = hasControllers ? test : test.skip;
  let namespaceCount = 0;

  function get(path: string, options: SendOptions = {}): Promise<Answer> {
    return send('GET', path, options);
  }

  function post(path: string, body: unknown, options: SendOptions = {}): Promise<Answer> {
    return send('POST', path, { ...options, body });
  }

  function put(path: string, body: unknown): Promise<Answer> {
    return send('PUT', path, { body });
  }

  function patch(path: string, body: unknown, contentType: string): Promise<Answer> {
    return send('PATCH', path, { body, contentType });
  }

  function remove(path: string, body?: unknown): Promise<Answer> {
    return send('DELETE', path, { body });
  }

  function apply(path: string, body: unknown, { manager = 'skipper' } = {}): Promise<Answer> {
    const separator = path.includes('?') ? '&' : '?';
    return patch(`${path}${separator}fieldManager=${manager}`, body, APPLY);
  }

  async function watching<T>(
    path: string,
    use: (stream: WatchStream) => Promise<T>,
    accept?: string,
  ): Promise<T> {
    const stream = await openWatch(path, accept);
    expect(stream.code).toBe(200);
    try {
      return await use(stream);
    } finally {
      stream.close();
    }
  }

  async function aNamespace(): Promise<string> {
    namespaceCount += 1;
    const name = `contract-${String(namespaceCount).padStart(3, '0')}`;
    const { code } = await post('/api/v1/namespaces', { metadata: { name } });
    expect(code).toBe(201);
    return name;
  }

  /** A namespace that accepts pods: with its default account, created by the controllers or by us. */
  async function aPodNamespace(): Promise<string> {
    const namespace = await aNamespace();
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    if (!hasControllers) await post(accounts, { metadata: { name: 'default' } });
    await eventually(
      () => get(`${accounts}/default`),
      ({ code }) => code === 200,
    );
    return namespace;
  }

  async function aNode(name: string): Promise<void> {
    const { code } = await post('/api/v1/nodes', { metadata: { name } });
    expect(code).toBe(201);
  }

  /** Creates or changes both definitions, and waits until they are served again. */
  async function define(
    isApplication: boolean,
    properties: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const definition = applicationDefinition(isApplication, properties);
    const created = await post(definitions, definition);
    if (created.code === 409) {
      const { body } = await get(`${definitions}/${definition.metadata.name}`);
      await put(`${definitions}/${definition.metadata.name}`, { ...body, spec: definition.spec });
    }
    await eventually(
      () => get(`${definitions}/${definition.metadata.name}`),
      ({ body }) => JSON.stringify(body.status).includes('"Established","status":"True"'),
    );
    const path = isApplication ? applications('default') : statuses('default');
    await eventually(
      () => get(path),
      ({ code }) => code === 200,
    );
  }

  return {
    send,
    get,
    post,
    put,
    patch,
    remove,
    apply,
    openWatch,
    watching,
    compact,
    strangerToken,
    aNamespace,
    aPodNamespace,
    aNode,
    define,
    testWithControllers,
  };
}
