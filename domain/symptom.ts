import * as z from 'zod';

/** Why an API server, or a controller of the cluster, was not allowed to do something. */
export const Refusal = z
  .discriminatedUnion('by', [
    z.object({ by: z.literal('quota'), quota: z.string().optional().describe("The ResourceQuota's name") }),
    z.object({ by: z.literal('pod-security') }),
    z.object({
      by: z.literal('rbac'),
      user: z.string().optional().describe('Who lacks the right'),
      verb: z.string(),
      resource: z.string(),
      group: z.string().optional().describe('The API group; left out for the core group'),
    }),
  ])
  .meta({ id: 'Refusal' });
export type Refusal = Readonly<z.infer<typeof Refusal>>;

export const POD_STATES = ['waiting', 'terminated', 'unscheduled', 'not-ready'] as const;

/**
 * One thing that is wrong in a namespace, as data: explanations word it, advice and healing decide by it. `message` holds
 * what the cluster or FDD wrote, and is for people only; every other field is machine-readable. Lies above the rooms of
 * the domain, because errors and attempts carry symptoms (domain/cluster/symptoms.ts finds them).
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
        .describe("Kubernetes' word: `ImagePullBackOff`, `OOMKilled`; the phase of a pod that is not ready"),
      exitCode: z.number().int().optional().describe('If it has terminated'),
      message: z.string().optional(),
      restarts: z.number().int(),
    }),
    z.object({
      kind: z.literal('fdd-report'),
      result: z.literal('FAILED'),
      message: z.string().optional().describe("The error in FDD's log"),
      isForbidden: z.boolean().describe('FDD was not allowed to do something'),
    }),
    z.object({ kind: z.literal('refusal'), refusal: Refusal }),
  ])
  .meta({ id: 'Symptom' });
export type Symptom = Readonly<z.infer<typeof Symptom>>;

export type PodSymptom = Extract<Symptom, { kind: 'pod' }>;
