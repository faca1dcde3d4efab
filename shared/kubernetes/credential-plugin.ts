import { spawn } from 'node:child_process';
import { env } from 'node:process';
import type { Cluster } from '@kubernetes/client-node';
import * as z from 'zod';
import { SkipperError } from '../../domain/errors.ts';
import { parseJson } from '../../domain/parse-json.ts';

/** Shorter than the timeout of a request, so that the plugin's own error is shown. */
const TIMEOUT_MS = 20_000;
/** After a run, successful or not, it is not run again for this long. */
const PAUSE_MS = 1_000;
/** Credentials are renewed this long before they expire. */
const EXPIRY_MARGIN_MS = 10_000;
const SHOWN_OUTPUT = 500;
const MAX_OUTPUT = 1024 * 1024;

/** `users[].user.exec` of a kubeconfig. */
const PluginConfig = z.object({
  apiVersion: z.string().default('client.authentication.k8s.io/v1'),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: z.string().nullish(),
  provideClusterInfo: z.boolean().nullish(),
  interactiveMode: z.string().nullish(),
});
type PluginConfig = z.infer<typeof PluginConfig>;

const ExecCredential = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().optional(),
  }),
});

export type PluginCredential = z.infer<typeof ExecCredential>['status'];

/** A program that prints credentials, run as kubectl runs it. */
export interface CredentialPlugin {
  /** Runs it if its last credentials have expired; `fresh`: the API server has refused them. */
  credential(fresh: boolean): Promise<PluginCredential>;
}

export interface PluginOptions {
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

export function createCredentialPlugin(
  exec: unknown,
  cluster: Cluster | null,
  { timeoutMs = TIMEOUT_MS, now = Date.now }: PluginOptions = {},
): CredentialPlugin {
  const config = PluginConfig.safeParse(exec);
  if (!config.success) throw failure('without a command', 'correct users[].user.exec of the kubeconfig');
  let last: PluginCredential | undefined;
  let problem: unknown;
  let ranAt = Number.NEGATIVE_INFINITY;

  async function run(): Promise<PluginCredential> {
    try {
      last = await runPlugin(config.data as PluginConfig, cluster, timeoutMs);
      problem = undefined;
      return last;
    } catch (error) {
      problem = error;
      throw error;
    } finally {
      ranAt = now();
    }
  }

  return {
    credential: async (fresh) => {
      const hasJustRun = now() - ranAt < PAUSE_MS;
      if (hasJustRun && problem) throw problem;
      if (last && (hasJustRun || !(fresh || hasEnded(last, now())))) return last;
      return run();
    },
  };
}

function hasEnded({ expirationTimestamp }: PluginCredential, now: number): boolean {
  return expirationTimestamp !== undefined && !(Date.parse(expirationTimestamp) - EXPIRY_MARGIN_MS > now);
}

async function runPlugin(
  config: PluginConfig,
  cluster: Cluster | null,
  timeoutMs: number,
): Promise<PluginCredential> {
  if (config.interactiveMode === 'Always') {
    throw failure(config.command, 'needs a terminal (interactiveMode: Always), but Skipper has none');
  }
  const output = await outputOf(config, execInfo(config, cluster), timeoutMs);
  const credential = ExecCredential.safeParse(parseJson(output)).data?.status;
  if (credential?.token ?? (credential?.clientCertificateData && credential.clientKeyData)) {
    return credential as PluginCredential;
  }
  // Its output can contain part of a secret, so it is not shown.
  throw failure(config.command, 'printed no ExecCredential with a token or a certificate and its key');
}

function outputOf(config: PluginConfig, info: string, timeoutMs: number): Promise<string> {
  const { command, args, env: more } = config;
  const own = Object.fromEntries((more ?? []).map(({ name, value }) => [name, value]));
  return new Promise((resolve, reject) => {
    const child = spawn(command, args ?? [], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, ...own, KUBERNETES_EXEC_INFO: info },
    });
    let output = '';
    let words = '';
    const fail = (reason: string) => {
      clearTimeout(clock);
      const shown = words.trim().slice(-SHOWN_OUTPUT);
      reject(failure(command, `${reason}${shown === '' ? '' : `: ${shown}`}`));
    };
    const clock = setTimeout(() => {
      fail(`did not end within ${timeoutMs / 1000} s`);
      child.kill('SIGKILL');
      // A child process can keep them open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(0, MAX_OUTPUT);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-MAX_OUTPUT);
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      const hint = config.installHint ? `: ${config.installHint.trim()}` : '';
      fail(error.code === 'ENOENT' ? `is not installed${hint}` : error.message);
    });
    child.once('close', (code, signal) => {
      if (code !== 0) return fail(signal ? `was ended by ${signal}` : `ended with exit code ${code}`);
      clearTimeout(clock);
      resolve(output);
    });
  });
}

/** The content of KUBERNETES_EXEC_INFO, which a plugin can read. */
function execInfo({ apiVersion, provideClusterInfo }: PluginConfig, cluster: Cluster | null): string {
  const about = provideClusterInfo && cluster ? { cluster: clusterInfo(cluster) } : {};
  return JSON.stringify({ kind: 'ExecCredential', apiVersion, spec: { interactive: false, ...about } });
}

function clusterInfo({ server, tlsServerName, skipTLSVerify, caData, proxyUrl }: Cluster) {
  return {
    server,
    ...(tlsServerName && { 'tls-server-name': tlsServerName }),
    ...(skipTLSVerify && { 'insecure-skip-tls-verify': true }),
    ...(caData && { 'certificate-authority-data': caData }),
    ...(proxyUrl && { 'proxy-url': proxyUrl }),
  };
}

function failure(command: string, reason: string): SkipperError {
  return new SkipperError('unauthorized', `the kubeconfig's credential plugin ${command} ${reason}`);
}
