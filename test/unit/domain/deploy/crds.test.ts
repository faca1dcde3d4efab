import { describe, expect, test } from '@jest/globals';
import { CRDS, type CustomResourceDefinition, mergeCrd } from '../../../../domain/deploy/crds.ts';

const [APPLICATION, STATUS] = CRDS as [CustomResourceDefinition, CustomResourceDefinition];
const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The response of an API server for a CRD that was written as wanted. */
function stored(
  crd: CustomResourceDefinition,
  change: (copy: MutableCrd) => void = () => undefined,
): CustomResourceDefinition {
  const copy = JSON.parse(JSON.stringify(crd)) as MutableCrd;
  copy.metadata.resourceVersion = '7';
  copy.metadata.uid = '5b0c';
  copy.metadata.generation = 1;
  copy.status = { acceptedNames: {}, conditions: [] };
  change(copy);
  return copy;
}

// biome-ignore lint/suspicious/noExplicitAny: a test bends the object in ways that its type forbids
type MutableCrd = any;

describe('CRDS', () => {
  test("acceptance 19: Application is FDD v1.10.0's, with the status subresource", () => {
    const [version] = APPLICATION.spec.versions;

    expect(APPLICATION).toMatchObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      metadata: { name: 'applications.fiaas.schibsted.io' },
      spec: {
        group: 'fiaas.schibsted.io',
        scope: 'Namespaced',
        conversion: { strategy: 'None' },
        preserveUnknownFields: false,
        names: { kind: 'Application', plural: 'applications', shortNames: ['app', 'fa'] },
      },
    });
    expect(version).toMatchObject({ name: 'v1', served: true, storage: true, subresources: { status: {} } });
    expect(version?.schema?.openAPIV3Schema.properties).toMatchObject({
      spec: {
        properties: {
          application: { type: 'string' },
          image: { type: 'string' },
          config: OPEN,
          additional_labels: { properties: { global: OPEN, service_account: OPEN, pod: OPEN, status: OPEN } },
          additional_annotations: {
            properties: { deployment: OPEN, horizontal_pod_autoscaler: OPEN, ingress: OPEN, service: OPEN },
          },
        },
      },
      status: {
        properties: {
          result: { type: 'string' },
          observedGeneration: { type: 'integer' },
          logs: { type: 'array', items: { type: 'string' } },
          deployment_id: { type: 'string' },
        },
      },
    });
  });

  test('acceptance 19: ApplicationStatus has result and logs at its top', () => {
    expect(STATUS).toMatchObject({
      metadata: { name: 'application-statuses.fiaas.schibsted.io' },
      spec: { names: { kind: 'ApplicationStatus', shortNames: ['status', 'appstatus', 'fs'] } },
    });
    expect(STATUS.spec.versions[0]?.schema?.openAPIV3Schema.properties).toEqual({
      result: { type: 'string' },
      logs: { type: 'array', items: { type: 'string' } },
    });
  });
});

describe('mergeCrd', () => {
  test.each([
    ['Application', APPLICATION],
    ['ApplicationStatus', STATUS],
  ])('does not change a complete %s', (_kind, crd) => {
    expect(mergeCrd(stored(crd), crd)).toBeUndefined();
  });

  test('acceptance 19: completes a CRD from upstream Skipper, which lacks the status schema and subresource', () => {
    const existing = stored(APPLICATION, (crd) => {
      delete crd.spec.versions[0].subresources;
      delete crd.spec.versions[0].schema.openAPIV3Schema.properties.status;
    });

    const merged = mergeCrd(existing, APPLICATION);

    expect(merged?.spec.versions).toEqual(APPLICATION.spec.versions);
    expect(merged?.metadata.resourceVersion).toBe('7');
    expect(merged).not.toHaveProperty('status');
  });

  test('acceptance 19: keeps a status subresource that it does not need', () => {
    const existing = stored(STATUS, (crd) => {
      crd.spec.versions[0].subresources = { status: {}, scale: { specReplicasPath: '.spec.replicas' } };
      delete crd.spec.versions[0].schema.openAPIV3Schema.properties.logs;
    });

    const merged = mergeCrd(existing, STATUS);

    expect(merged?.spec.versions[0]?.subresources).toEqual({
      status: {},
      scale: { specReplicasPath: '.spec.replicas' },
    });
  });

  test('keeps other subresources when it adds the status subresource', () => {
    const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
    const existing = stored(APPLICATION, (crd) => {
      crd.spec.versions[0].subresources = { scale };
    });

    const merged = mergeCrd(existing, APPLICATION);

    expect(merged?.spec.versions[0]?.subresources).toEqual({ status: {}, scale });
  });

  test('keeps labels, annotations and foreign metadata', () => {
    const existing = stored(APPLICATION, (crd) => {
      crd.metadata.labels = { 'app.kubernetes.io/managed-by': 'Helm' };
      crd.metadata.annotations = { 'helm.sh/resource-policy': 'keep' };
      delete crd.spec.versions[0].subresources;
    });

    expect(mergeCrd(existing, APPLICATION)?.metadata).toEqual(existing.metadata);
  });

  test('keeps fields of a newer FDD', () => {
    const existing = stored(APPLICATION, (crd) => {
      const { properties } = crd.spec.versions[0].schema.openAPIV3Schema;
      properties.spec.properties.additional_labels.properties.role_binding = OPEN;
      properties.spec.properties.paused = { type: 'boolean' };
      delete properties.status;
    });

    const merged = mergeCrd(existing, APPLICATION);

    const properties = merged?.spec.versions[0]?.schema?.openAPIV3Schema.properties;
    expect(properties?.spec?.properties).toMatchObject({
      paused: { type: 'boolean' },
      additional_labels: { properties: { role_binding: OPEN, global: OPEN } },
    });
    expect(properties).toHaveProperty('status');
  });

  test('keeps foreign versions and their storage flag, and adds ours', () => {
    const existing = stored(APPLICATION, (crd) => {
      crd.spec.versions = [{ name: 'v2', served: true, storage: true, schema: { openAPIV3Schema: OPEN } }];
    });

    const merged = mergeCrd(existing, APPLICATION);

    expect(merged?.spec.versions.map(({ name, served, storage }) => ({ name, served, storage }))).toEqual([
      { name: 'v2', served: true, storage: true },
      { name: 'v1', served: true, storage: false },
    ]);
  });

  test('does not change a schema that accepts everything', () => {
    const existing = stored(APPLICATION, (crd) => {
      crd.spec.versions[0].schema.openAPIV3Schema = { ...OPEN };
    });

    expect(mergeCrd(existing, APPLICATION)).toBeUndefined();
  });

  test('adds a schema to a CRD created with v1beta1', () => {
    const existing = stored(APPLICATION, (crd) => {
      crd.spec.preserveUnknownFields = true;
      crd.spec.versions = [{ name: 'v1', served: true, storage: true }];
    });

    expect(mergeCrd(existing, APPLICATION)?.spec.versions).toEqual(APPLICATION.spec.versions);
  });

  test('needs only one write', () => {
    const existing = stored(APPLICATION, (crd) => {
      delete crd.spec.versions[0].subresources;
      delete crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.image;
    });

    const merged = mergeCrd(existing, APPLICATION);

    expect(merged).toBeDefined();
    expect(merged && mergeCrd(merged, APPLICATION)).toBeUndefined();
  });
});
