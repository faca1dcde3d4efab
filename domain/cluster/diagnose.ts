import type { PodSymptom, Symptom } from '../symptom.ts';

/** The known causes of a symptom; if several match, the first wins. */
export const DIAGNOSES = [
  'application-deleting',
  'deployment-deleting',
  'scaled-to-0',
  'paused',
  'image-not-pulled',
  'out-of-memory',
  'quota-exceeded',
  'limits-missing',
  'limit-range',
  'pod-rejected',
  'webhook-failed',
  'container-not-created',
  'crash-loop',
  'bootstrap-failed',
  'not-scheduled',
] as const;
export type Diagnosis = (typeof DIAGNOSES)[number];

/** Undefined if the symptom does not show the cause. */
export function diagnose(symptom: Symptom): Diagnosis | undefined {
  switch (symptom.kind) {
    case 'pod':
      return diagnosePod(symptom);
    case 'condition':
    case 'refusal':
      return symptom.refusal && BY_REFUSAL[symptom.refusal.by];
    case 'tampered':
      return symptom.what;
    case 'no-deployment':
    case 'replicas':
    case 'fdd-report':
      return undefined;
  }
}

const BY_REFUSAL = {
  quota: 'quota-exceeded',
  limits: 'limits-missing',
  'limit-range': 'limit-range',
  'pod-security': 'pod-rejected',
  webhook: 'webhook-failed',
  rbac: undefined,
} as const;

/** By the kubelet's reason for a waiting or terminated container. */
const BY_REASON: Readonly<Record<string, Diagnosis>> = {
  ErrImagePull: 'image-not-pulled',
  ImagePullBackOff: 'image-not-pulled',
  InvalidImageName: 'image-not-pulled',
  ErrImageNeverPull: 'image-not-pulled',
  OOMKilled: 'out-of-memory',
  CreateContainerConfigError: 'container-not-created',
  CreateContainerError: 'container-not-created',
  CrashLoopBackOff: 'crash-loop',
};

function diagnosePod({
  state,
  reason = '',
  exitCode = 0,
  isBootstrap,
  container,
  lastReason = '',
}: PodSymptom): Diagnosis | undefined {
  // The advice is for FDD: none exists for a failing sidecar.
  if (container !== undefined) return undefined;
  if (state === 'unscheduled') return 'not-scheduled';
  const known = BY_REASON[reason === 'CrashLoopBackOff' && lastReason === 'OOMKilled' ? lastReason : reason];
  if (known !== undefined || exitCode === 0) return known;
  return isBootstrap ? 'bootstrap-failed' : 'crash-loop';
}
