import { ApiError } from '../../simulator/kubernetes-api/api-error.ts';
import type { KubernetesObject } from '../../simulator/kubernetes-api/api-object.ts';

/** Refuses an object, changes it, or lets it pass. */
export type AdmissionRule = (object: KubernetesObject) => ApiError | KubernetesObject | undefined;

/** What admission plugins and authorizers of a cluster refuse or change, by namespace; a test sets and clears it. */
export interface AdmissionRules {
  set(namespace: string, rule: AdmissionRule): void;
  clear(namespace: string): void;
  labels(namespace: string): Readonly<Record<string, string>>;
  /** For the simulated API server: called with each object that is created or changed. */
  readonly admit: (object: KubernetesObject) => KubernetesObject;
}

export function createAdmissionRules(): AdmissionRules {
  const rules = new Map<string, AdmissionRule>();
  const labels = new Map<string, Readonly<Record<string, string>>>();
  return {
    set: (namespace, rule) => void rules.set(namespace, rule),
    clear: (namespace) => void rules.delete(namespace),
    labels: (namespace) => labels.get(namespace) ?? {},
    admit: (object) => {
      const { namespace = '', name } = object.metadata;
      if (object.kind === 'Namespace') labels.set(name, object.metadata.labels ?? {});
      const answer = rules.get(namespace)?.(object);
      if (answer instanceof ApiError) throw answer;
      return answer ?? object;
    },
  };
}
