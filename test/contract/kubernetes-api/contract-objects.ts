/** The objects that the contract uses: bare bodies as a client would send them. */

export const GROUP = 'fiaas.schibsted.io';

interface MetadataParts {
  readonly labels?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly object[];
  readonly resourceVersion?: string;
}

export function aConfigMap(
  name: string,
  { data, ...metadata }: MetadataParts & { readonly data?: Readonly<Record<string, string>> } = {},
) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...metadata },
    ...(data === undefined ? {} : { data }),
  };
}

export function anApplication(
  name: string,
  { image = 'example/fdd:1', config, ...metadata }: MetadataParts & { image?: unknown; config?: object } = {},
) {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'Application',
    metadata: { name, ...metadata },
    spec: { application: name, image, ...(config === undefined ? {} : { config }) },
  };
}

export function aPod(
  name: string,
  { memory, ...spec }: { memory?: string; nodeName?: string; serviceAccountName?: string } = {},
) {
  const resources = memory === undefined ? {} : { resources: { requests: { memory } } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy: 'Never', ...spec, containers: [{ name: 'main', image: 'a:1', ...resources }] },
  };
}

export function aDeployment(name: string, { image, sidecar = false }: { image: string; sidecar?: boolean }) {
  const labels = { app: name };
  const main = { name: 'main', image, env: [{ name: 'A', value: '1' }] };
  const containers = sidecar ? [main, { name: 'sidecar', image: 'b:1' }] : [main];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

/** Application as FDD 1.10 defines it, with the status subresource; or ApplicationStatus, which has none. */
export function applicationDefinition(
  isApplication: boolean,
  moreProperties: Readonly<Record<string, string>> = {},
) {
  const plural = isApplication ? 'applications' : 'application-statuses';
  const more = Object.entries(moreProperties).map(([name, description]) => [
    name,
    { type: 'string', description },
  ]);
  const schema = {
    type: 'object',
    properties: { ...(isApplication ? APPLICATION : APPLICATION_STATUS), ...Object.fromEntries(more) },
  };
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { plural, kind: isApplication ? 'Application' : 'ApplicationStatus' },
      versions: [isApplication ? { ...version, subresources: { status: {} } } : version],
    },
  };
}

const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };

const APPLICATION = {
  spec: {
    type: 'object',
    properties: {
      application: TEXT,
      image: TEXT,
      config: OPEN,
      additional_labels: { type: 'object', properties: { global: OPEN, deployment: OPEN } },
      additional_annotations: { type: 'object', properties: { global: OPEN, deployment: OPEN } },
    },
  },
  status: {
    type: 'object',
    properties: { result: TEXT, observedGeneration: { type: 'integer' }, logs: TEXTS, deployment_id: TEXT },
  },
};

const APPLICATION_STATUS = { result: TEXT, logs: TEXTS };
