import type { Logger } from 'pino';
import { fullJitterDelay } from '../domain/deploy/backoff.ts';
import { CRDS, type CustomResourceDefinition, mergeCrd } from '../domain/deploy/crds.ts';
import { errorClassOf, messageOf, SkipperError } from '../domain/errors.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, pathOf } from '../shared/kubernetes/resources.ts';
import { pause } from '../shared/pause.ts';

const RETRY = { baseMs: 500, capMs: 15_000 } as const;

/**
 * Makes sure that both CRDs exist and are complete; waits while the API server does not answer. Throws permanent errors
 * (RBAC), with the setting that disables this.
 */
export async function ensureCrds(client: KubernetesClient, log: Logger, signal: AbortSignal): Promise<void> {
  for (const wanted of CRDS) {
    for (let failures = 0; ; failures += 1) {
      try {
        await ensureCrd(client, wanted, log);
        break;
      } catch (error) {
        signal.throwIfAborted();
        if (errorClassOf(error) !== 'retryable') throw explained(error);
        log.warn(
          { crd: wanted.metadata.name, reason: messageOf(error) },
          'CRD could not be written, will retry',
        );
        await pause(fullJitterDelay(failures, RETRY), { signal });
        signal.throwIfAborted();
      }
    }
  }
}

async function ensureCrd(
  client: KubernetesClient,
  wanted: CustomResourceDefinition,
  log: Logger,
): Promise<void> {
  const { name } = wanted.metadata;
  const existing = await client.get<CustomResourceDefinition>(CUSTOM_RESOURCE_DEFINITIONS, { name });
  if (!existing) {
    await client.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, wanted);
    log.info({ crd: name }, 'CRD created');
    return;
  }
  const merged = mergeCrd(existing, wanted);
  if (!merged) return;
  // With the resourceVersion in the body, a concurrent write (FDD does this, too) is a conflict, which is retried.
  await client.request({
    method: 'PUT',
    path: pathOf(CUSTOM_RESOURCE_DEFINITIONS, { name }),
    body: merged,
  });
  log.info({ crd: name }, 'CRD updated');
}

function explained(error: unknown): SkipperError {
  return new SkipperError(
    'forbidden',
    `the CRDs cannot be written: ${messageOf(error)}; grant get, create and update on customresourcedefinitions, or set --disable-crd-creation`,
    { cause: error },
  );
}
