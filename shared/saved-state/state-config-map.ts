import { existsSync, readFileSync } from 'node:fs';
import { messageOf, SkipperError } from '../../domain/errors.ts';
import type { KubernetesClient, ObjectRef } from '../kubernetes/client.ts';
import { CONFIG_MAPS, pathOf } from '../kubernetes/resources.ts';
import { decodeSaved, type SavedContent } from './saved-content.ts';

const OWN_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
const DEFAULT_NAME = 'fiaas-skipper-state';
const KEY = 'state.json.gz';
const OFF = 'none';
const REASON_LENGTH = 300;

/** The saved copy, and the version that the next one replaces. */
export interface StoredCopy {
  readonly content: SavedContent;
  readonly resourceVersion: string;
}

/** The ConfigMap that what must survive a loss of Redis is saved in. */
export interface StateConfigMap {
  readonly ref: ObjectRef & { readonly namespace: string };
  /** Undefined if it does not exist, or has no copy; throws `config_error` if it is damaged, and if it cannot be read. */
  read(): Promise<StoredCopy | undefined>;
  /** Throws a conflict if it has changed since `replaced` was read. */
  write(data: string, replaced: StoredCopy | undefined): Promise<void>;
}

/** Undefined if nothing is saved: outside of a cluster, unless it is set. */
export function openStateConfigMap(
  setting: string | undefined,
  client: Pick<KubernetesClient, 'request' | 'apply'>,
): StateConfigMap | undefined {
  const ref = refOf(setting);
  return ref && { ref, read: async () => copyOf(await read(client, ref)), write: write(client, ref) };
}

function refOf(setting: string | undefined): StateConfigMap['ref'] | undefined {
  if (setting === OFF) return undefined;
  if (setting !== undefined) {
    const [namespace = '', name = DEFAULT_NAME] = setting.split('/');
    return { namespace, name };
  }
  if (!existsSync(OWN_NAMESPACE)) return undefined;
  return { namespace: readFileSync(OWN_NAMESPACE, 'utf8').trim(), name: DEFAULT_NAME };
}

interface RawConfigMap {
  readonly metadata: { readonly resourceVersion: string };
  readonly binaryData?: Readonly<Record<string, string>>;
}

function decode(data: string): SavedContent {
  try {
    return decodeSaved(data);
  } catch (error) {
    const reason = `it is damaged, or a newer Skipper has written it; delete it if it is of no use: ${messageOf(error)}`;
    throw new SkipperError('config_error', reason.slice(0, REASON_LENGTH), { cause: error });
  }
}

/** A list with the name as selector needs no right that the watches do not have: the API has no other one. */
async function read(
  client: Pick<KubernetesClient, 'request'>,
  { namespace, name }: StateConfigMap['ref'],
): Promise<RawConfigMap | undefined> {
  const { items } = await client.request<{ items: readonly RawConfigMap[] }>({
    method: 'GET',
    path: pathOf(CONFIG_MAPS, { namespace }),
    query: { fieldSelector: `metadata.name=${name}` },
  });
  return items[0];
}

function copyOf(raw: RawConfigMap | undefined): StoredCopy | undefined {
  const data = raw?.binaryData?.[KEY];
  if (raw === undefined || data === undefined) return undefined;
  return { content: decode(data), resourceVersion: raw.metadata.resourceVersion };
}

/** Server-side apply also creates it, with a right that is limited to its name. */
function write(client: Pick<KubernetesClient, 'apply'>, ref: StateConfigMap['ref']): StateConfigMap['write'] {
  return async (data, replaced) => {
    const metadata = {
      ...ref,
      labels: { 'app.kubernetes.io/part-of': 'fiaas-skipper' },
      ...(replaced === undefined ? {} : { resourceVersion: replaced.resourceVersion }),
    };
    await client.apply(CONFIG_MAPS, ref, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      binaryData: { [KEY]: data },
    });
  };
}
