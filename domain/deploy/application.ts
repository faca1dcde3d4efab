import isEqual from 'fast-deep-equal';
import {
  APP_LABEL,
  BOOTSTRAP_LABEL,
  CONFIG_DIGEST_ANNOTATION,
  CONTENT_ANNOTATION,
  DEPLOYMENT_ID_LABEL,
  FDD,
  GENERATION_ANNOTATION,
  HERITAGE,
  RELEASE_ANNOTATION,
  ROLLOUT_ANNOTATION,
} from '../cluster/names.ts';
import type { NamespaceConfig } from '../cluster/namespace-config.ts';
import type { ObservedApplication } from '../cluster/observed.ts';
import { contentDigest } from '../release/content-digest.ts';
import { versionOf } from '../release/image.ts';
import type { Release } from '../release/release.ts';

/** The request that a write of an Application answers. */
export interface Origin {
  readonly rolloutId: string;
  readonly generation: number;
  /** Key of its release. */
  readonly release: string;
}

/** What a write is: its deployment id, and the request that it answers; left out in a trial. */
export interface WriteIdentity {
  readonly deploymentId: string;
  readonly origin?: Origin | undefined;
}

/** Upstream's Application, field for field, both as created and as applied; the annotations are ours. */
export function applicationManifest(
  { namespace, configDigest }: Pick<NamespaceConfig, 'namespace' | 'configDigest'>,
  release: Release,
  { deploymentId, origin }: WriteIdentity,
) {
  const annotations = { ...digestAnnotation(configDigest), ...originAnnotations(origin, release) };
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
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: { application: FDD, image: release.image, config: release.config },
  };
}

export type ApplicationManifest = ReturnType<typeof applicationManifest>;

function digestAnnotation(configDigest: string | undefined): Readonly<Record<string, string>> {
  return configDigest === undefined ? {} : { [CONFIG_DIGEST_ANNOTATION]: configDigest };
}

function originAnnotations(origin: Origin | undefined, release: Release): Readonly<Record<string, string>> {
  if (origin === undefined) return {};
  return {
    [ROLLOUT_ANNOTATION]: origin.rolloutId,
    [GENERATION_ANNOTATION]: String(origin.generation),
    [RELEASE_ANNOTATION]: origin.release,
    [CONTENT_ANNOTATION]: contentDigest(release),
  };
}

/** The release that an Application has, however it came there. */
export function releaseIn({ image, config }: Pick<ObservedApplication, 'image' | 'config'>): Release {
  return { image, version: versionOf(image), config };
}

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
