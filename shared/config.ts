import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { hideSecrets } from '../domain/hide-secrets.ts';
import { parseYaml } from '../domain/release/parse-yaml.ts';
import { parseBasePath } from './base-path.ts';
import { credentialsIn, urlProblem } from './url-credentials.ts';

const TRUE = ['true', 'yes', '1', 'on'];
const FALSE = ['false', 'no', '0', 'off', ''];

const flag = z
  .union([z.boolean(), z.string(), z.number()], 'expected true or false')
  .transform((value, context) => {
    const word = String(value).toLowerCase();
    if (TRUE.includes(word)) return true;
    if (FALSE.includes(word)) return false;
    context.addIssue({ code: 'custom', message: `expected true or false, not ${JSON.stringify(value)}` });
    return z.NEVER;
  })
  .default(false);
/** YAML can parse text as a number or boolean; a list or mapping is a mistake. */
const text = z
  .union([z.string(), z.number(), z.boolean()], 'expected text')
  .transform(String)
  .pipe(z.string().min(1, 'is empty'));
const number = z.coerce.number({
  // In the words of a person, not of JavaScript: NaN is a number there.
  error: ({ input }) => (Number.isNaN(input) ? 'expected a number' : undefined),
});
const seconds = number.positive().max(86_400);
/** A number, or a percentage of the fleet. */
const share = text.pipe(
  z.string().regex(/^(\d{1,6}|\d{1,2}%|100%)$/, 'use a number such as 200, or a percentage such as 20%'),
);
const port = number.int().min(0).max(65_535);
/** The messages never contain the value: it can hold a password. */
const urlOf = (pattern: RegExp, expected: string) =>
  z
    .string()
    .regex(pattern, { error: expected, abort: true })
    .superRefine((url, context) => {
      const problem = urlProblem(url);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    });
const httpUrl = urlOf(/^https?:\/\/./, 'expected http://… or https://…');
const proxy = httpUrl.optional();
const withoutUser = (instead: string) => (url: string, context: z.RefinementCtx) => {
  if (credentialsIn(url) === undefined) return;
  context.addIssue({ code: 'custom', message: `credentials in this URL are not used: ${instead}` });
};

/** A URL of another scheme, or with a typing error in it, is not a directory. */
function baseProblem(base: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(base)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  if (!['http', 'https', 'file'].includes(scheme))
    return 'expected http://…, https://…, file://… or a directory';
  return urlProblem(base);
}

const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];

/** An address, a range such as 10.0.0.0/8, or a range by its name; never all addresses: anybody could name himself. */
function isAddressOrRange(text: string): boolean {
  if (NAMED_RANGES.includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return (
    bits === undefined ||
    (/^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= (family === 4 ? 32 : 128))
  );
}

/**
 * Every setting, once: its name, type, default and help. `logFormat` is the flag `--log-format`, the variable
 * `LOG_FORMAT` and the key `log-format` of the config file; a flag wins over a variable, a variable over the file.
 * The first seventeen are upstream's, with its names and meaning.
 */
export const Settings = z.object({
  logFormat: z.enum(['plain', 'json']).default('plain').describe('log lines for people or for machines'),
  debug: flag.describe("log more, and do not verify the Kubernetes API server's certificate"),
  host: text.optional().describe('address to listen on (default: all interfaces)'),
  port: port.default(5000).describe('port of the API'),
  baseurl: text
    .superRefine((base, context) => {
      const problem = baseProblem(base);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .default('https://fiaas.github.io/releases')
    .describe(
      'release channels: a URL (a user name and password in it are sent to this server as basic auth), or a directory (also as file: URL) for air-gapped use',
    ),
  releaseChannelMetadata: text
    .optional()
    .describe('JSON with at least "image": use it for every tag instead of the release channels'),
  releaseChannelMetadataSpec: text
    .optional()
    .describe('file with the fiaas.yml that goes with --release-channel-metadata'),
  specFileOverride: text
    .default('/var/run/config/fiaas/fiaas_override.yaml')
    .describe("YAML file whose top-level keys replace those of the channel's fiaas.yml"),
  disableAutoupdate: flag.describe('check for releases, but deploy only on request'),
  statusUpdateInterval: seconds.default(30).describe('accepted for compatibility: the status is always live'),
  manageRbac: flag.describe('create ServiceAccount, Role and RoleBinding for FDD in each namespace'),
  useApiextensionsv1Crd: flag.describe('accepted for compatibility: v1 CRDs are always used'),
  apiServer: text
    .superRefine(withoutUser('give --api-token, or --client-cert and --client-key'))
    .optional()
    .describe('URL of the Kubernetes API server (default: kubeconfig, or in-cluster)'),
  apiToken: text.optional().describe('token for --api-server (default: the in-cluster token)'),
  apiCert: text.optional().describe('file with the CA certificate of --api-server'),
  clientCert: text.optional().describe('file with a client certificate for --api-server'),
  clientKey: text.optional().describe('file with the key of --client-cert'),
  configFile: text
    .default('/var/run/config/fiaas/cluster_config.yaml')
    .describe('YAML file with settings; unknown keys are ignored'),
  kubeconfig: text.optional().describe('kubeconfig file (default: $KUBECONFIG, ~/.kube/config, in-cluster)'),
  redisUrl: urlOf(/^rediss?:\/\/./, 'expected redis://… or rediss://…')
    .default('redis://127.0.0.1:6379')
    .describe('Redis with maxmemory-policy noeviction'),
  redisCaFile: text
    .optional()
    .describe(
      'PEM file with certificate authorities for Redis at rediss://…, in addition to the default ones',
    ),
  redisCertFile: text.optional().describe('PEM file with the client certificate for Redis at rediss://…'),
  redisKeyFile: text.optional().describe('PEM file with the key of --redis-cert-file'),
  redisSentinels: text
    .transform((addresses) => addresses.split(',').map((address) => address.trim()))
    .pipe(
      z.array(
        z
          .string()
          .regex(/^([\w.-]+|\[[\da-fA-F:]+\])(:\d{1,5})?$/, 'expected host:port, separated by commas'),
      ),
    )
    .default([])
    .describe(
      'comma-separated host:port of the Sentinels, which replace the host in --redis-url; the rest of the URL still applies',
    ),
  redisSentinelMaster: text.optional().describe('name of the Redis master in --redis-sentinels'),
  redisSentinelPassword: text.optional().describe('password of --redis-sentinels'),
  redisCluster: flag.describe('Redis is a Cluster, and --redis-url one of its nodes'),
  redisPrefix: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, 'use letters, digits, ".", "_" and "-"')
    .default('skipper')
    .describe('prefix of all Redis keys: one per Skipper on a shared Redis'),
  concurrency: number
    .int()
    .min(1)
    .max(2000)
    .default(50)
    .describe('namespaces that one worker works on at the same time; those that wait for FDD do not count'),
  maxInFlight: share
    .default('200')
    .describe(
      'namespaces of the whole fleet that are changed and not yet verified at the same time, as a number or a percentage; 0: no limit',
    ),
  kubeApiQps: number
    .min(0)
    .max(10_000)
    .default(50)
    .describe(
      'requests per second that all workers together send to the API server to deploy; halved while it is slow or throttles; 0: no limit',
    ),
  workerPort: port
    .optional()
    .describe("port of a worker's health and metrics (default: 5001, or a free port if 5001 is in use)"),
  releaseCheckInterval: seconds.default(60).describe('seconds between two checks of the release channels'),
  releaseTimeout: seconds.default(10).describe('seconds within which the release server must respond'),
  releaseAllowedHosts: text
    .transform((hosts) => hosts.split(',').map((host) => host.trim()))
    .pipe(z.array(z.string().regex(/^[\w.:-]+$/, 'expected host names, separated by commas')))
    .default([])
    .describe(
      'comma-separated hosts, besides that of --baseurl, that can serve specs and have private addresses',
    ),
  releaseCaFile: text
    .optional()
    .describe(
      'PEM file with certificate authorities for the release server and receivers of notifications, in addition to the default ones',
    ),
  httpProxy: proxy.describe('proxy for release servers, and receivers of notifications, at http URLs'),
  httpsProxy: proxy.describe('proxy for release servers, and receivers of notifications, at https URLs'),
  noProxy: text.optional().describe('comma-separated hosts that are reached without a proxy'),
  rolloutPolicy: text
    .optional()
    .describe(
      'YAML file with how releases and requests reach their namespaces, by trigger; read again when it changes (default: releases go to one canary, then 5 %, 25 % and all; requests for more than 10 namespaces without canary)',
    ),
  rolloutRetention: number
    .int()
    .min(1)
    .max(365)
    .default(90)
    .describe('days that a rollout is kept after its last change, with its targets and its timeline'),
  stateConfigMap: text
    .pipe(z.string().regex(/^(none|[a-z0-9-]+\/[a-z0-9.-]+)$/, 'expected NAMESPACE/NAME, or none'))
    .optional()
    .describe(
      "NAMESPACE/NAME of the ConfigMap in which workers save what must survive a loss of Redis: holds, ignored releases, open rollouts; none: off (default: fiaas-skipper-state in the pod's namespace; off outside of a cluster)",
    ),
  heal: z
    .enum(['off', 'report', 'on'])
    .default('report')
    .describe(
      'repair the FDD of namespaces that are not well: on, off, or report (detect and show what would be done)',
    ),
  healInterval: seconds.default(15).describe('seconds between two checks for namespaces that are not well'),
  healBackoff: seconds
    .default(60)
    .describe(
      'seconds that a namespace has to recover before the first repair, and between the first two; doubled after each, up to 60 times',
    ),
  healHourlyCap: share
    .default('10%')
    .describe(
      'namespaces that are healed within an hour at most, as a number or a percentage (then at least 5)',
    ),
  healStopShare: share
    .default('20%')
    .describe(
      'healing stops if more than this share of the fleet (or this number) fall sick within 10 minutes; a percentage counts as at least 5',
    ),
  healScaledDown: flag.describe('also heal namespaces whose FDD somebody has scaled to 0 or paused'),
  deafAfter: number
    .min(0)
    .max(86_400)
    .default(300)
    .describe(
      'seconds in which FDD must begin a deployment of its namespace, or it counts as deaf; 0: not checked',
    ),
  auditLog: z
    .enum(['redis', 'stdout'])
    .default('redis')
    .describe('where the audit log is written besides Redis: stdout adds one JSON line per entry to the log'),
  auditRetention: number
    .int()
    .min(1)
    .max(365)
    .default(90)
    .describe('days that entries of the audit log are kept, at most 100,000 entries'),
  notifications: text
    .optional()
    .describe(
      'YAML file with the receivers of notifications, and what each receives; read again when it changes (default: none)',
    ),
  hookSecretFile: text
    .optional()
    .describe(
      'file with the secret of POST /api/hooks/release, which makes Skipper look for releases at once (default: the hook is off)',
    ),
  disableKubernetesEvents: flag.describe('do not write Kubernetes Events about deploys and healing'),
  progressDeadline: seconds.default(300).describe('seconds in which a deployment must be verified'),
  bootstrapDeadline: seconds
    .default(180)
    .describe(
      'seconds that a bootstrap pod can run after FDD is verified, or hang before it counts as failed',
    ),
  maxAttempts: number.int().min(1).max(100).default(8).describe('attempts per namespace and request'),
  retryBackoffBase: seconds.default(1).describe('seconds: first ceiling of the wait between two attempts'),
  retryBackoffCap: seconds.default(60).describe('seconds: highest ceiling of the wait between two attempts'),
  disableCrdCreation: flag.describe('do not create or update the CRDs: they already exist'),
  gracePeriod: seconds.default(30).describe('seconds that running jobs have to end after SIGTERM'),
  otelExporterOtlpEndpoint: httpUrl
    .superRefine(withoutUser('set OTEL_EXPORTER_OTLP_HEADERS'))
    .optional()
    .describe('OpenTelemetry collector (OTLP over HTTP) that traces are sent to (default: no tracing)'),
  authTokenFile: text
    .optional()
    .describe(
      'file with the bearer token that every changing request needs, and every request for logs and objects (default: no token is needed)',
    ),
  trustProxy: text
    .transform((addresses) => addresses.split(',').map((address) => address.trim()))
    .pipe(z.array(z.string().refine(isAddressOrRange, 'expected addresses or ranges, separated by commas')))
    .default([])
    .describe(
      'comma-separated addresses and ranges of reverse proxies whose X-Forwarded-For, -Host, -Prefix and -Proto headers are trusted; also loopback, linklocal, uniquelocal',
    ),
  basePath: z
    .string('expected a path')
    .transform((given, context) => {
      const path = parseBasePath(given);
      if (path !== undefined) return path;
      context.addIssue({
        code: 'custom',
        message: `expected a path such as /skipper, of letters, digits, ".", "_", "~" and "-", not ${JSON.stringify(given)}`,
      });
      return z.NEVER;
    })
    .default('')
    .describe(
      'path that pages, board and API are under, such as /skipper, if a reverse proxy passes it on (default: none)',
    ),
  publicUrl: httpUrl
    .superRefine(withoutUser('remove them'))
    .refine(
      (url) => !URL.canParse(url) || new URL(url).pathname === '/',
      'expected scheme, host and port only, without a path',
    )
    .optional()
    .describe(
      'URL at which people reach the API, such as https://skipper.example.com: requests for other hosts are refused (default: any host)',
    ),
  environmentLabel: text
    .pipe(z.string().max(40, 'is longer than 40 characters'))
    .optional()
    .describe(
      'name of this environment, such as "staging": a badge on the pages and the board (default: none)',
    ),
});

export type Settings = Readonly<z.infer<typeof Settings>>;
export type SettingName = keyof Settings;

export const SETTING_NAMES = Object.keys(Settings.shape) as SettingName[];

/** `logFormat` → `log-format` */
export function flagOf(name: SettingName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `logFormat` → `LOG_FORMAT` */
export function variableOf(name: SettingName): string {
  return flagOf(name).toUpperCase().replaceAll('-', '_');
}

export function isFlag(name: SettingName): boolean {
  return Settings.shape[name] === flag || z.safeParse(Settings.shape[name], undefined).data === false;
}

/** Proxy variables are often lower-case. */
function lowerCaseVariable(name: SettingName, env: SettingSources['env']): string | undefined {
  return name.endsWith('Proxy') ? env[variableOf(name).toLowerCase()] : undefined;
}

/** Skipper cannot start; the message shows what to change. */
export class ConfigurationError extends Error {
  constructor(message: string) {
    super(hideSecrets(message));
    this.name = 'ConfigurationError';
  }
}

export interface SettingSources {
  /** Flags as given, by setting name. */
  readonly flags: Readonly<Partial<Record<SettingName, unknown>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads all settings, and reports all mistakes in them at once. */
export function readSettings({ flags, env }: SettingSources): Settings {
  const file = readConfigFile(flags, env);
  const raw: Record<string, unknown> = {};
  const origin = new Map<string, string>();
  for (const name of SETTING_NAMES) {
    const variable = env[variableOf(name)] ?? lowerCaseVariable(name, env);
    const candidates: [string, unknown][] = [
      [`--${flagOf(name)}`, flags[name]],
      [`$${variableOf(name)}`, variable === '' ? undefined : variable],
      [`${flagOf(name)} in the config file`, file[flagOf(name)]],
    ];
    const found = candidates.find(([, value]) => value !== undefined && value !== null);
    if (!found) continue;
    origin.set(name, found[0]);
    raw[name] = found[1];
  }
  const settings = Settings.safeParse(raw);
  if (!settings.success) throw new ConfigurationError(describeIssues(settings.error, origin));
  checkTogether(settings.data);
  return Object.freeze(settings.data);
}

function readConfigFile(
  flags: SettingSources['flags'],
  env: SettingSources['env'],
): Readonly<Record<string, unknown>> {
  const named = flags.configFile ?? (env[variableOf('configFile')] || undefined);
  const path = String(named ?? Settings.shape.configFile.parse(undefined));
  if (!existsSync(path)) {
    if (named === undefined) return {};
    throw new ConfigurationError(`config file ${path} does not exist: correct --config-file`);
  }
  const parsed = parseYaml(readOrFail(path));
  if (!parsed.ok) throw new ConfigurationError(`config file ${path} ${parsed.reason}`);
  if (parsed.duplicateKeys) {
    const keys = parsed.duplicateKeys.join(', ');
    throw new ConfigurationError(`config file ${path} has a setting more than once: ${keys}`);
  }
  if (parsed.value === null) return {};
  const mapping = z.record(z.string(), z.unknown()).safeParse(parsed.value);
  if (mapping.success) return mapping.data;
  throw new ConfigurationError(`config file ${path} is not a YAML mapping of setting to value`);
}

function readOrFail(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(
      `config file ${path} cannot be read: ${String(error)}; correct --config-file`,
    );
  }
}

function describeIssues(error: z.ZodError, origin: ReadonlyMap<string, string>): string {
  const lines = error.issues.map((issue) => {
    const name = String(issue.path[0] ?? '');
    return `  ${origin.get(name) ?? name}: ${issue.message}`;
  });
  return ['invalid settings (see --help):', ...lines].join('\n');
}

const CERTIFICATES_AND_KEYS = [
  ['clientCert', 'clientKey'],
  ['redisCertFile', 'redisKeyFile'],
] as const;

function checkTogether(settings: Settings): void {
  const problems: string[] = [];
  if (settings.releaseChannelMetadata !== undefined && settings.releaseChannelMetadataSpec === undefined) {
    problems.push(
      '--release-channel-metadata needs --release-channel-metadata-spec: the file with the fiaas.yml to deploy',
    );
  }
  for (const [certificate, key] of CERTIFICATES_AND_KEYS) {
    if ((settings[certificate] === undefined) !== (settings[key] === undefined)) {
      problems.push(`--${flagOf(certificate)} and --${flagOf(key)} go together: give both`);
    }
  }
  if (settings.redisSentinels.length > 0 !== (settings.redisSentinelMaster !== undefined)) {
    problems.push('--redis-sentinels and --redis-sentinel-master go together: give both');
  }
  if (settings.redisSentinels.length > 0 && settings.redisCluster) {
    problems.push('a Redis Cluster has no Sentinels: give --redis-cluster or --redis-sentinels');
  }
  for (const file of ['redisCaFile', 'redisCertFile'] as const) {
    if (settings[file] !== undefined && !settings.redisUrl.startsWith('rediss:')) {
      problems.push(`--${flagOf(file)} is for TLS: --redis-url has to begin with rediss://`);
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'));
}

/** Settings whose whole value is a secret. */
export const SECRET_SETTINGS = ['apiToken', 'redisSentinelPassword'] as const;
/** Settings that are URLs, and can have credentials in them. */
export const URL_SETTINGS = ['baseurl', 'redisUrl', 'httpProxy', 'httpsProxy'] as const;

/** The settings without secrets, safe to show. */
export function redactSettings(settings: Settings): Record<string, unknown> {
  const secret = new Set<string>(SECRET_SETTINGS);
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      secret.has(name) && value !== undefined ? '***' : redact(value),
    ]),
  );
}

function redact(value: unknown): unknown {
  return typeof value === 'string' ? hideSecrets(value) : value;
}
