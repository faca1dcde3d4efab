import isEqual from 'fast-deep-equal';
import {
  APP_LABEL,
  BOOTSTRAP_LABEL,
  CONFIG_DIGEST_ANNOTATION,
  DEPLOYMENT_ID_LABEL,
  FDD,
  HERITAGE,
} from '../cluster/names.ts';
import type { NamespaceConfig } from '../cluster/namespace-config.ts';
import type { ObservedApplication } from '../cluster/observed.ts';
import type { Release } from '../release/release.ts';

/** Upstream's Application, field for field, both as created and as applied; one annotation is ours. */
export function applicationManifest(
  { namespace, configDigest }: Pick<NamespaceConfig, 'namespace' | 'configDigest'>,
  release: Release,
  deploymentId: string,
) {
  return {
    apiVersion: 'fiaas.schibsted.io/v1',
    kind: 'Application',
    metadata: {
      name: FDD,
      namespace,
      finalizers: [],
      ownerReferences: [],
      labels: {
        [APP_LABEL]: FDD,
        heritage: HERITAGE,
        [BOOTSTRAP_LABEL]: 'true',
        [DEPLOYMENT_ID_LABEL]: deploymentId,
      },
      ...(configDigest === undefined ? {} : { annotations: { [CONFIG_DIGEST_ANNOTATION]: configDigest } }),
    },
    spec: { application: FDD, image: release.image, config: release.config },
  };
}

export type ApplicationManifest = ReturnType<typeof applicationManifest>;

/** Why an Application differs from the release; undefined if it does not. */
export function differenceFrom(
  application: ObservedApplication | undefined,
  release: Release,
): string | undefined {
  if (!application) return 'there is no Application';
  if (application.image !== release.image) return `image is ${application.image}`;
  if (!isEqual(application.config, release.config)) return 'spec.config differs';
  return undefined;
}

/**
 * True if the stored config has keys that the wanted one lacks. Server-side apply would keep them, since they can belong
 * to another field manager (such as upstream Skipper's), so removing them takes a patch that names them.
 */
export function hasSurplusConfig(stored: unknown, wanted: unknown): boolean {
  if (!isMapping(stored)) return false;
  if (!isMapping(wanted)) return Object.keys(stored).length > 0;
  return Object.entries(stored).some(
    ([key, value]) => !Object.hasOwn(wanted, key) || hasSurplusConfig(value, wanted[key]),
  );
}

/** The JSON merge patch (RFC 7386) from the stored config to the wanted one: surplus keys are set to null. */
export function configPatch(
  stored: unknown,
  wanted: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const key of isMapping(stored) ? Object.keys(stored) : []) patch[key] = null;
  for (const [key, value] of Object.entries(wanted)) {
    const old = isMapping(stored) && Object.hasOwn(stored, key) ? stored[key] : undefined;
    patch[key] = isMapping(value) ? configPatch(old, value) : value;
  }
  return patch;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
