import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { Cluster, User } from '@kubernetes/client-node';
import { messageOf } from '../../domain/errors.ts';
import { rememberSecret } from '../../domain/hide-secrets.ts';
import { parseYaml } from '../../domain/release/parse-yaml.ts';
import { ConfigurationError } from '../config.ts';
import { KubeConfig } from './client-library.ts';

const HOME_KUBECONFIG = join(homedir(), '.kube', 'config');
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface KubernetesAccess {
  readonly kubeconfig?: string | undefined;
  readonly apiServer?: string | undefined;
  readonly apiToken?: string | undefined;
  readonly apiCert?: string | undefined;
  readonly clientCert?: string | undefined;
  readonly clientKey?: string | undefined;
  /** Do not verify the API server's certificate (upstream's --debug). */
  readonly skipTlsVerify?: boolean | undefined;
}

/** Explicit server and token first (upstream's flags), then a kubeconfig, then the pod's service account. */
export function loadKubeConfig(access: KubernetesAccess): KubeConfig {
  const kubeConfig = new KubeConfig();
  load(kubeConfig, access);
  for (const user of kubeConfig.users) for (const secret of secretsOf(user)) rememberSecret(secret);
  // The library refuses plain HTTP (kubectl proxy, a sidecar) unless TLS verification is off, which is true of HTTP.
  kubeConfig.clusters = kubeConfig.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  return kubeConfig;
}

/** A plugin can print its environment, and its words are shown. */
function secretsOf({ token, password, exec }: User): string[] {
  const variables: readonly { readonly name?: string; readonly value?: string }[] = exec?.env ?? [];
  const secret = variables.filter(({ name = '' }) => /token|secret|passw|key|credential/i.test(name));
  return [token, password, ...secret.map(({ value }) => value)].filter((each) => typeof each === 'string');
}

function load(kubeConfig: KubeConfig, access: KubernetesAccess): void {
  if (access.apiServer !== undefined) {
    kubeConfig.loadFromClusterAndUser(clusterOf(access, access.apiServer), userOf(access));
  } else if (access.kubeconfig !== undefined) {
    loadFiles(kubeConfig, access.kubeconfig.split(delimiter));
  } else if (existsSync(HOME_KUBECONFIG)) {
    loadFiles(kubeConfig, [HOME_KUBECONFIG]);
  } else {
    kubeConfig.loadFromDefault();
    // The library's last fallback, which is never what an operator wants.
    if (kubeConfig.getCurrentCluster()?.server === 'http://localhost:8080') {
      throw new ConfigurationError(
        'no cluster is configured: set --kubeconfig, --api-server or run in a pod',
      );
    }
  }
}

/**
 * Merges several files, as in $KUBECONFIG, as kubectl does: missing files are skipped, of entries with the same name the
 * first is used as a whole, and the first current context counts.
 */
function loadFiles(kubeConfig: KubeConfig, given: readonly string[]): void {
  const files = given.filter((file) => file !== '' && existsSync(file));
  if (files.length === 0) {
    throw new ConfigurationError(
      `kubeconfig ${given.join(', ')} cannot be read: no such file; correct --kubeconfig`,
    );
  }
  const configs = files.map(loadFile);
  const current = configs.map((config) => config.getCurrentContext()).find(Boolean);
  if (!current) {
    throw new ConfigurationError(`kubeconfig ${files.join(', ')} has no current-context: set it`);
  }
  kubeConfig.loadFromOptions({
    clusters: firstByName(configs.flatMap((config) => config.getClusters())),
    users: firstByName(configs.flatMap((config) => config.getUsers())),
    contexts: firstByName(configs.flatMap((config) => config.getContexts())),
    currentContext: current,
  });
}

function loadFile(file: string): KubeConfig {
  try {
    const config = new KubeConfig();
    config.loadFromFile(file);
    readTokenFiles(config, file);
    config.users = config.users.map((user) => withCommandBeside(user, file));
    return config;
  } catch (error) {
    throw new ConfigurationError(
      `kubeconfig ${file} cannot be read: ${withoutQuotes(error)}; correct --kubeconfig`,
    );
  }
}

/** The parser quotes the file, which has secrets: in all lines but the first, and in some messages. */
function withoutQuotes(error: unknown): string {
  const [line = ''] = messageOf(error).split('\n');
  if (!(error instanceof Error) || error.name !== 'YAMLException') return line;
  return line.replace(/ ".*"| !<.*>|: .*(?= \(\d+:\d+\)$)/g, '');
}

function firstByName<Entry extends { readonly name: string }>(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.toReversed().map((entry) => [entry.name, entry])).values()];
}

/** A plugin's command with a slash is relative to the kubeconfig; without one, it is on the PATH. */
function withCommandBeside(user: User, file: string): User {
  const command: unknown = user.exec?.command;
  if (typeof command !== 'string' || !command.includes('/')) return user;
  return { ...user, exec: { ...user.exec, command: resolve(dirname(file), command) } };
}

/** `tokenFile`, as kubectl reads it: the library knows it only under another name, and reads it once. */
function readTokenFiles(kubeConfig: KubeConfig, file: string): void {
  const parsed = parseYaml(readFileSync(file, 'utf8'), { allowTabs: true });
  const { users = [] } = (parsed.ok ? parsed.value : {}) as {
    users?: readonly { readonly name: string; readonly user?: { readonly tokenFile?: string } }[];
  };
  const files = new Map(users.map(({ name, user }) => [name, user?.tokenFile]));
  kubeConfig.users = kubeConfig.users.map((user) => {
    const tokenFile = files.get(user.name);
    if (tokenFile === undefined) return user;
    return {
      ...user,
      authProvider: { name: 'tokenFile', config: { tokenFile: resolve(dirname(file), tokenFile) } },
    };
  });
}

function clusterOf(access: KubernetesAccess, server: string): Cluster {
  return {
    name: 'skipper',
    server,
    skipTLSVerify: access.skipTlsVerify ?? false,
    ...(access.apiCert === undefined ? {} : { caFile: access.apiCert }),
  };
}

/** Without a token: the pod's own, which the library reads again every minute; without either, no credentials. */
function userOf(access: KubernetesAccess): User {
  const name = 'skipper';
  if (access.clientCert !== undefined && access.clientKey !== undefined) {
    return { name, certFile: access.clientCert, keyFile: access.clientKey };
  }
  if (access.apiToken !== undefined) return { name, token: access.apiToken };
  const tokenFile = `${SERVICE_ACCOUNT}/token`;
  if (!existsSync(tokenFile)) return { name };
  return { name, authProvider: { name: 'tokenFile', config: { tokenFile } } };
}
