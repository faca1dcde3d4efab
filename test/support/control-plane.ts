import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { freePort } from './free-port.ts';

/** A real Kubernetes control plane on loopback, from the binaries that KUBEBUILDER_ASSETS points at. */
export interface ControlPlane {
  readonly url: string;
  readonly adminToken: string;
  readonly kubeconfigPath: string;
  /** One JSON line per request, at the Metadata level. */
  readonly auditLogPath: string;
  readonly etcdUrl: string;
  readonly hasControllerManager: boolean;
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Without it: no default accounts, no namespace deletion, no quota counts. Default: on if the binary exists. */
  readonly controllerManager?: boolean;
  /** More bearer tokens: token to user name. They have only the rights from RBAC. */
  readonly tokens?: Readonly<Record<string, string>>;
}

const READY_TIMEOUT_MS = 120_000;
const BINARIES = ['etcd', 'kube-apiserver'];

export function controlPlaneAvailable(): boolean {
  return controlPlaneMissing() === undefined;
}

/** Why no control plane can be started; undefined if one can. */
export function controlPlaneMissing(): string | undefined {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (folder === undefined || folder === '') return 'KUBEBUILDER_ASSETS is not set';
  const missing = BINARIES.filter((name) => !existsSync(join(folder, name)));
  return missing.length === 0 ? undefined : `KUBEBUILDER_ASSETS has no ${missing.join(' and no ')}`;
}

/** Envtest's own binaries have no controllers; tests that need them skip. */
export function controllerManagerAvailable(): boolean {
  return existsSync(join(process.env.KUBEBUILDER_ASSETS ?? '', 'kube-controller-manager'));
}

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const missing = controlPlaneMissing();
  if (missing !== undefined) throw new Error(missing);
  const folder = await mkdtemp(join(tmpdir(), 'skipper-control-plane-'));
  const processes = createProcessGroup(folder);
  try {
    return await start(folder, processes, options);
  } catch (error) {
    await processes.kill();
    throw error;
  }
}

async function start(
  folder: string,
  processes: ProcessGroup,
  { controllerManager = true, tokens = {} }: ControlPlaneOptions,
): Promise<ControlPlane> {
  const [etcdPort = 0, peerPort = 0, apiPort = 0, managerPort = 0] = await Promise.all(
    [1, 2, 3, 4].map(freePort),
  );
  const adminToken = randomBytes(16).toString('hex');
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const url = `https://127.0.0.1:${apiPort}`;
  const kubeconfigPath = join(folder, 'kubeconfig');
  const auditLogPath = join(folder, 'audit.log');
  writeFileSync(kubeconfigPath, kubeconfigText(url, adminToken), { mode: 0o600 });
  writeInputs(folder, adminToken, tokens);

  processes.spawn('etcd', etcdFlags(folder, etcdUrl, `http://127.0.0.1:${peerPort}`));
  processes.spawn('kube-apiserver', apiServerFlags(folder, etcdUrl, apiPort));
  await waitUntilReady(url, adminToken, processes);
  const hasControllerManager = controllerManager && controllerManagerAvailable();
  if (hasControllerManager) {
    processes.spawn('kube-controller-manager', controllerManagerFlags(folder, managerPort));
    await waitUntilFound(url, adminToken, '/api/v1/namespaces/default/serviceaccounts/default', processes);
  }
  return {
    url,
    adminToken,
    kubeconfigPath,
    auditLogPath,
    etcdUrl,
    hasControllerManager,
    stop: processes.kill,
  };
}

/** What `openssl genrsa` and a shell would otherwise write. */
function writeInputs(folder: string, adminToken: string, tokens: Readonly<Record<string, string>>): void {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  const others = Object.entries(tokens).map(([token, user]) => `${token},${user},${user}\n`);
  writeFileSync(join(folder, 'tokens.csv'), `${adminToken},admin,admin,"system:masters"\n${others.join('')}`);
  writeFileSync(
    join(folder, 'audit-policy.yaml'),
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n',
  );
}

function etcdFlags(folder: string, clientUrl: string, peerUrl: string): readonly string[] {
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
  ];
}

function apiServerFlags(folder: string, etcdUrl: string, port: number): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'certs')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--allow-privileged',
    '--enable-priority-and-fairness=false',
    '--max-requests-inflight=0',
    '--max-mutating-requests-inflight=0',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'sa.key')}`,
    `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
    `--audit-policy-file=${join(folder, 'audit-policy.yaml')}`,
    `--audit-log-path=${join(folder, 'audit.log')}`,
    '--audit-log-maxsize=1000',
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

function controllerManagerFlags(folder: string, port: number): readonly string[] {
  return [
    `--kubeconfig=${join(folder, 'kubeconfig')}`,
    '--leader-elect=false',
    '--use-service-account-credentials',
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--service-account-private-key-file=${join(folder, 'sa.key')}`,
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

interface ProcessGroup {
  spawn(binary: string, flags: readonly string[]): void;
  /** The log of a process that ended on its own; undefined while all run. */
  ended(): Promise<string | undefined>;
  kill(): Promise<void>;
}

function createProcessGroup(folder: string): ProcessGroup {
  const children: { readonly name: string; readonly child: ChildProcess }[] = [];
  const binaryPath = (name: string) => join(process.env.KUBEBUILDER_ASSETS ?? '', name);

  function start(name: string, flags: readonly string[]): void {
    const log = openSync(join(folder, `${name}.log`), 'w');
    // In its own process group, which is killed as a whole: the binaries can be wrapper scripts.
    children.push({
      name,
      child: spawn(binaryPath(name), flags, { stdio: ['ignore', log, log], detached: true }),
    });
  }

  async function ended(): Promise<string | undefined> {
    const gone = children.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (gone === undefined) return undefined;
    const log = await readFile(join(folder, `${gone.name}.log`), 'utf8');
    return `${gone.name} ended: ${log.trim().split('\n').slice(-5).join('\n')}`;
  }

  /** SIGKILL: on SIGTERM an API server waits for an etcd that may be gone, and there is nothing to save. */
  function killNow(): void {
    for (const { child } of children) {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  process.once('exit', killNow);
  return {
    spawn: start,
    ended,
    kill: async () => {
      process.off('exit', killNow);
      const exits = children.map(({ child }) => exitOf(child));
      killNow();
      await Promise.all(exits);
      // A process that was still writing can have created files again.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

async function waitUntilReady(url: string, token: string, processes: ProcessGroup): Promise<void> {
  await waitUntilFound(url, token, '/readyz', processes);
}

async function waitUntilFound(
  url: string,
  token: string,
  path: string,
  processes: ProcessGroup,
): Promise<void> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  try {
    while (!(await answersOk(url + path, token, dispatcher))) {
      const ended = await processes.ended();
      if (ended !== undefined) throw new Error(ended);
      if (Date.now() > deadline) throw new Error(`${path} was not ready within ${READY_TIMEOUT_MS} ms`);
      await pause(100);
    }
  } finally {
    await dispatcher.destroy();
  }
}

async function answersOk(url: string, token: string, dispatcher: Agent): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      headers: { authorization: `Bearer ${token}` },
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

function kubeconfigText(url: string, token: string): string {
  return `apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "${url}", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: "${token}"}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
`;
}
