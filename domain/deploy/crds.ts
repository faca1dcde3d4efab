import isEqual from 'fast-deep-equal';

const OPEN_OBJECT = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const STRINGS = { type: 'array', items: { type: 'string' } };

const DECORATED = [
  'global',
  'deployment',
  'horizontal_pod_autoscaler',
  'ingress',
  'service',
  'service_account',
  'pod',
  'status',
];

const DECORATION = {
  type: 'object',
  properties: Object.fromEntries(DECORATED.map((group) => [group, OPEN_OBJECT])),
};

export interface CustomResourceDefinition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion?: string;
    readonly [key: string]: unknown;
  };
  readonly spec: {
    readonly versions: readonly CrdVersion[];
    readonly [key: string]: unknown;
  };
  readonly status?: unknown;
}

interface CrdVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema?: { readonly openAPIV3Schema: Schema };
  readonly subresources?: Readonly<Record<string, unknown>>;
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly [key: string]: unknown;
}

function definition(
  kind: string,
  plural: string,
  singular: string,
  shortNames: readonly string[],
  version: Partial<CrdVersion>,
): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.fiaas.schibsted.io` },
    spec: {
      group: 'fiaas.schibsted.io',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames },
      scope: 'Namespaced',
      conversion: { strategy: 'None' },
      preserveUnknownFields: false,
      versions: [{ name: 'v1', served: true, storage: true, ...version }],
    },
  };
}

/** The two CRDs as FDD v1.10.0 writes them, so that FDD and Skipper do not undo each other's changes. */
export const CRDS: readonly CustomResourceDefinition[] = [
  definition('Application', 'applications', 'application', ['app', 'fa'], {
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: {
              application: { type: 'string' },
              image: { type: 'string' },
              config: OPEN_OBJECT,
              additional_labels: DECORATION,
              additional_annotations: DECORATION,
            },
          },
          status: {
            type: 'object',
            properties: {
              result: { type: 'string' },
              observedGeneration: { type: 'integer' },
              logs: STRINGS,
              deployment_id: { type: 'string' },
            },
          },
        },
      },
    },
    subresources: { status: {} },
  }),
  definition(
    'ApplicationStatus',
    'application-statuses',
    'application-status',
    ['status', 'appstatus', 'fs'],
    {
      schema: {
        openAPIV3Schema: { type: 'object', properties: { result: { type: 'string' }, logs: STRINGS } },
      },
    },
  ),
];

/**
 * The update of an existing CRD: missing parts are added, nothing is removed (labels, other versions and fields, the
 * status subresource). Undefined if nothing is missing.
 */
export function mergeCrd(
  existing: CustomResourceDefinition,
  wanted: CustomResourceDefinition,
): CustomResourceDefinition | undefined {
  const [wantedVersion] = wanted.spec.versions;
  if (!wantedVersion) return undefined;
  const known = existing.spec.versions.some((version) => version.name === wantedVersion.name);
  const versions = known
    ? existing.spec.versions.map((version) =>
        version.name === wantedVersion.name ? mergeVersion(version, wantedVersion) : version,
      )
    : [...existing.spec.versions, { ...wantedVersion, storage: false }];
  if (isEqual(versions, existing.spec.versions)) return undefined;
  const { status: _status, ...rest } = existing;
  return { ...rest, spec: { ...existing.spec, versions } };
}

function mergeVersion(existing: CrdVersion, wanted: CrdVersion): CrdVersion {
  const schema = mergeSchema(existing.schema?.openAPIV3Schema, wanted.schema?.openAPIV3Schema);
  const subresources = { ...wanted.subresources, ...existing.subresources };
  return {
    ...existing,
    served: true,
    ...(schema === undefined ? {} : { schema: { openAPIV3Schema: schema } }),
    ...(Object.keys(subresources).length === 0 ? {} : { subresources }),
  };
}

function mergeSchema(existing: Schema | undefined, wanted: Schema | undefined): Schema | undefined {
  if (!existing || !wanted) return existing ?? wanted;
  // An open object accepts everything that the wanted properties accept.
  if (existing['x-kubernetes-preserve-unknown-fields'] === true) return existing;
  const properties: Record<string, Schema> = { ...existing.properties };
  for (const [name, schema] of Object.entries(wanted.properties ?? {})) {
    const merged = mergeSchema(properties[name], schema);
    if (merged) properties[name] = merged;
  }
  return { ...wanted, ...existing, ...(Object.keys(properties).length === 0 ? {} : { properties }) };
}
