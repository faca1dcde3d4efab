import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const CHART = fileURLToPath(new URL('../../../helm', import.meta.url));
export const RELEASE = 'skipper';
export const NAMESPACE = 'fiaas-skipper';

export type Values = Readonly<Record<string, unknown>>;

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } };
  }[];
  readonly lifecycle?: unknown;
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Probe {
  readonly exec: { readonly command: readonly string[] };
  readonly httpGet: { readonly path: string };
}

interface PodSpec {
  readonly containers: readonly [Container];
  readonly serviceAccountName?: string;
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly volumes: readonly {
    readonly configMap?: { readonly name: string };
    readonly secret?: { readonly secretName: string };
  }[];
}

export interface PolicyRule {
  readonly ports: readonly { readonly port: number }[];
  readonly from: readonly unknown[];
  readonly to?: readonly unknown[];
}

/** The specs of all kinds in one type: a test knows which kind it picked. */
interface Spec extends PodSpec {
  readonly replicas?: number;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly template: { readonly metadata: Metadata; readonly spec: PodSpec };
  readonly volumeClaimTemplates?: readonly { readonly metadata: Metadata }[];
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly policyTypes: readonly string[];
  readonly ingress: readonly [PolicyRule];
  readonly egress: readonly PolicyRule[];
  readonly tls: unknown;
  readonly rules: readonly [{ readonly http: { readonly paths: readonly [{ readonly path: string }] } }];
  readonly triggers: unknown;
  readonly secretTargetRef: unknown;
  readonly groups: readonly [{ readonly rules: readonly AlertRule[] }];
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Any object of a manifest, with the fields that tests read. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: Spec;
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export interface Answer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

let path: string | undefined;

/** The helm found by scripts/find-helm.mjs. */
function helmPath(): string {
  if (path !== undefined) return path;
  const script = fileURLToPath(new URL('../../../scripts/find-helm.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  path = stdout.trim();
  return path;
}

/** Runs helm; values, if given, are read from standard input. */
export function helm(args: readonly string[], values?: Values): Answer {
  const { status, error, stdout, stderr } = spawnSync(
    helmPath(),
    [...args, ...(values === undefined ? [] : ['--values', '-'])],
    { encoding: 'utf8', input: values === undefined ? '' : JSON.stringify(values), maxBuffer: 1 << 26 },
  );
  if (error) throw error;
  return { ok: status === 0, stdout, stderr };
}

/** Runs helm, which must succeed. */
export function helmOrFail(args: readonly string[], values?: Values): string {
  const answer = helm(args, values);
  if (!answer.ok) throw new Error(`helm ${args.join(' ')}: ${answer.stderr}`);
  return answer.stdout;
}

/** Renders the chart with the values. */
export function render(values: Values = {}, flags: readonly string[] = []): Manifest[] {
  return parseManifests(helmOrFail(['template', RELEASE, CHART, '--namespace', NAMESPACE, ...flags], values));
}

/** Why the chart refuses the values. */
export function refusal(values: Values): string {
  const answer = helm(['template', RELEASE, CHART, '--namespace', NAMESPACE], values);
  if (answer.ok) throw new Error('the chart accepts these values');
  return answer.stderr;
}

/** A duplicate YAML key, which kubectl would ignore, is an error here. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    const manifest = document.toJS() as Manifest | null;
    return manifest === null ? [] : [manifest];
  });
}

/** The one object of that kind and name. */
export function pick(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.filter((each) => each.kind === kind && each.metadata.name === name);
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`${found.length} times ${kind} ${name} among ${namesOf(manifests).join(', ')}`);
  }
  return found[0];
}

export function namesOf(manifests: readonly Manifest[]): string[] {
  return manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

/** Text of the chart's own file. */
export function chartFile(name: string): string {
  return join(CHART, name);
}
