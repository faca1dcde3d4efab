import * as z from 'zod';

/** Why a request of Skipper, or of a controller of the cluster, was refused. */
export const Refusal = z
  .discriminatedUnion('by', [
    z.object({ by: z.literal('quota'), quota: z.string().optional().describe("The ResourceQuota's name") }),
    z.object({
      by: z.literal('limits'),
      quota: z.string().optional().describe('The ResourceQuota that wants every container to specify them'),
      missing: z.array(z.string()).readonly().describe('`limits.memory`, `requests.cpu`, …'),
    }),
    z.object({ by: z.literal('limit-range') }),
    z.object({ by: z.literal('pod-security') }),
    z.object({ by: z.literal('webhook'), webhook: z.string().describe('The webhook that does not answer') }),
    z.object({
      by: z.literal('rbac'),
      user: z.string().optional().describe('Who lacks the permission'),
      verb: z.string(),
      resource: z.string(),
      group: z.string().optional().describe('The API group; left out for the core group'),
      isClusterWide: z
        .boolean()
        .optional()
        .describe('It is needed in all namespaces: a ClusterRole grants it'),
    }),
  ])
  .meta({ id: 'Refusal' });
export type Refusal = Readonly<z.infer<typeof Refusal>>;

export const POD_STATES = ['waiting', 'terminated', 'unscheduled', 'not-ready'] as const;

/**
 * One problem of a namespace, as data: explanations describe it, advice and healing are based on it. `message` is the text
 * of the cluster or FDD, for people only; every other field is machine-readable. Not in a subfolder of the domain, because
 * errors and attempts carry symptoms, too (domain/cluster/symptoms.ts finds them).
 */
export const Symptom = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('no-deployment') }),
    z.object({
      kind: z.literal('replicas'),
      wanted: z.number().int(),
      available: z.number().int(),
      updated: z.number().int(),
      generation: z.number().int(),
      observedGeneration: z.number().int(),
    }),
    z.object({
      kind: z.literal('condition'),
      type: z.string(),
      status: z.string(),
      reason: z.string().optional(),
      message: z.string().optional(),
      refusal: Refusal.optional(),
    }),
    z.object({
      kind: z.literal('pod'),
      pod: z.string(),
      isBootstrap: z.boolean(),
      state: z.enum(POD_STATES),
      reason: z
        .string()
        .optional()
        .describe(
          "Kubernetes' reason: `ImagePullBackOff`, `OOMKilled`; or the phase of a pod that is not ready",
        ),
      container: z.string().optional().describe("The waiting container, if it is not FDD's own"),
      exitCode: z.number().int().optional().describe('If it has terminated'),
      message: z.string().optional(),
      restarts: z.number().int(),
      image: z.string().optional().describe("Of FDD's container or the bootstrap's, if known"),
      lastReason: z
        .string()
        .optional()
        .describe('Why the container that waits to restart ended: `OOMKilled`'),
    }),
    z.object({
      kind: z.literal('fdd-report'),
      result: z.literal('FAILED'),
      message: z.string().optional().describe("The error in FDD's log"),
      isForbidden: z.boolean().describe('FDD was not allowed to do something'),
    }),
    z.object({ kind: z.literal('refusal'), refusal: Refusal }),
    z.object({
      kind: z.literal('tampered'),
      what: z.enum(['application-deleting', 'deployment-deleting', 'scaled-to-0', 'paused']),
      by: z.string().optional().describe('The field manager that did it, if the cluster recorded it'),
      finalizers: z
        .array(z.string())
        .readonly()
        .optional()
        .describe('The finalizers that hold an object that is being deleted'),
    }),
  ])
  .meta({ id: 'Symptom' });
export type Symptom = Readonly<z.infer<typeof Symptom>>;

export type PodSymptom = Extract<Symptom, { kind: 'pod' }>;
export type TamperedSymptom = Extract<Symptom, { kind: 'tampered' }>;
