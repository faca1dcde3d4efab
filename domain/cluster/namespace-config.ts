import { createHash } from 'node:crypto';
import * as z from 'zod';
import { describeDuplicates, parseYaml, type YamlResult } from '../release/parse-yaml.ts';
import { invalid, ok, type Result } from '../release/result.ts';
import { CONFIG_MAP, DEFAULT_TAG } from './names.ts';
import {
  parseRolloutAnnotations,
  type RolloutAnnotation,
  RolloutAnnotations,
} from './rollout-annotations.ts';

/** Part of the release channel's URL: it must not lead to another path. */
const TAG = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;

/** The part of a namespace's ConfigMap that Skipper needs. */
export const NamespaceConfig = z
  .object({
    namespace: z.string(),
    configMap: z.string().describe('The ConfigMap that it was read from, found by its name or a label'),
    resourceVersion: z.string().optional().describe('Of the ConfigMap; left out if unknown'),
    tag: z.string().describe('Release channel, or a published version'),
    enableServiceAccountPerApp: z.boolean(),
    useNetworkingV1Ingress: z.boolean(),
    configDigest: z
      .string()
      .optional()
      .describe(
        'Changes with the settings in cluster_config.yaml; left out if FDD does not mount this ConfigMap',
      ),
    createdAt: z
      .number()
      .int()
      .optional()
      .describe('When the ConfigMap was created, in milliseconds since the epoch; left out if unknown'),
    isDeleting: z
      .boolean()
      .optional()
      .describe('The ConfigMap is being deleted, as in a terminating namespace: nothing is written there'),
    rollout: RolloutAnnotations.optional().describe(
      "What the ConfigMap's annotations `skipper.fiaas.io/…` say about rollouts; left out without them",
    ),
    warnings: z
      .array(z.string())
      .readonly()
      .optional()
      .describe('What FDD reads in another way than it looks: a key that is there twice'),
  })
  .meta({ id: 'NamespaceConfig' });
export type NamespaceConfig = Readonly<z.infer<typeof NamespaceConfig>>;

export interface ConfigMapData {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  /** In base64; kubectl puts a file here that is not UTF-8. */
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** The configuration, or the error and the key of the ConfigMap that has it. */
export type NamespaceConfigResult =
  | Extract<Result<NamespaceConfig>, { ok: true }>
  | (Extract<Result<NamespaceConfig>, { ok: false }> & { readonly key?: ConfigMapKey });

export type ConfigMapKey = 'data.tag' | 'data.cluster_config.yaml' | `annotation ${RolloutAnnotation}`;

const CLUSTER_CONFIG = 'cluster_config.yaml';

/** Reads one ConfigMap. Errors are returned, not thrown, so that they cannot affect another namespace. */
export function parseNamespaceConfig(configMap: ConfigMapData): NamespaceConfigResult {
  const { name, namespace = '', resourceVersion } = configMap.metadata;
  const where = `ConfigMap ${namespace}/${name}`;
  const wrong = (key: ConfigMapKey, reason: string) => ({ ...invalid(`${where}${reason}`), key });
  const binary = (['tag', CLUSTER_CONFIG] as const).find((key) => configMap.binaryData?.[key] !== undefined);
  if (binary !== undefined) {
    return wrong(
      `data.${binary}`,
      `: ${binary} is in binaryData, where kubectl puts a file that is not UTF-8: save it as UTF-8, so that it is in data`,
    );
  }
  if (configMap.data === undefined) {
    return wrong(`data.${CLUSTER_CONFIG}`, ` has no data: add data.${CLUSTER_CONFIG}`);
  }
  const tag = configMap.data.tag ?? DEFAULT_TAG;
  if (tag !== tag.trim() && isTag(tag.trim())) {
    return wrong(
      'data.tag',
      `: data.tag ${JSON.stringify(tag)} has white space around it: write ${JSON.stringify(tag.trim())}`,
    );
  }
  if (!isTag(tag)) {
    return wrong(
      'data.tag',
      `: data.tag ${JSON.stringify(tag)} is not a valid channel name: use letters, digits, '.', '_', '-'`,
    );
  }
  const clusterConfig = parseClusterConfig(configMap.data[CLUSTER_CONFIG]);
  if (!clusterConfig.ok) {
    return wrong(`data.${CLUSTER_CONFIG}`, `: data.${CLUSTER_CONFIG} ${clusterConfig.reason}`);
  }
  const rollout = parseRolloutAnnotations(configMap.metadata.annotations);
  if (!rollout.ok) return wrong(`annotation ${rollout.name}`, `: ${rollout.reason}`);
  const { value: settings, duplicateKeys } = clusterConfig;
  return ok({
    namespace,
    configMap: name,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    tag,
    enableServiceAccountPerApp: isOn(settings['enable-service-account-per-app']),
    useNetworkingV1Ingress: isOn(settings['use-networkingv1-ingress']),
    // FDD mounts the ConfigMap by its fixed name, so only the settings of that one reach it.
    ...(name === CONFIG_MAP ? { configDigest: digestOf(settings) } : {}),
    ...creationOf(configMap),
    ...(configMap.metadata.deletionTimestamp === undefined ? {} : { isDeleting: true }),
    ...(rollout.value && { rollout: rollout.value }),
    ...(duplicateKeys && {
      warnings: [`${where}: data.${CLUSTER_CONFIG} ${describeDuplicates(duplicateKeys)}`],
    }),
  });
}

function creationOf({ metadata }: ConfigMapData): Pick<NamespaceConfig, 'createdAt'> {
  const createdAt = Date.parse(metadata.creationTimestamp ?? '');
  return Number.isNaN(createdAt) ? {} : { createdAt };
}

export function isTag(tag: string): boolean {
  return TAG.test(tag) && !tag.includes('..');
}

const Mapping = z.record(z.string(), z.unknown());

type ClusterConfigResult = Result<Record<string, unknown>> & Pick<YamlResult, 'duplicateKeys'>;

function parseClusterConfig(text: string | undefined): ClusterConfigResult {
  // Upstream deploys a namespace whose ConfigMap has no cluster_config.yaml, with defaults.
  if (text === undefined) return ok({});
  const parsed = parseYaml(text);
  if (!parsed.ok) return parsed;
  if (parsed.value === null) return invalid('is empty: write a mapping, at least "{}"');
  const mapping = Mapping.safeParse(parsed.value);
  if (!mapping.success) return invalid(`is ${kindOf(parsed.value)}, not a mapping of option to value`);
  return { ...ok(mapping.data), ...(parsed.duplicateKeys && { duplicateKeys: parsed.duplicateKeys }) };
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** Like FDD's own option parser: true, yes and 1 turn a switch on, in any case. */
function isOn(value: unknown): boolean {
  return ['true', 'yes', '1'].includes(String(value ?? '').toLowerCase());
}

/** Of the settings, not of the text: a changed comment or key order must not restart FDD. */
function digestOf(settings: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(settings)))
    .digest('hex')
    .slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, sorted(inner)]);
}
