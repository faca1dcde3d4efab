import { describe, expect, test } from '@jest/globals';
import { DIAGNOSES, type Diagnosis } from '../../../../domain/cluster/diagnose.ts';
import { ERROR_CODES, type ErrorCode } from '../../../../domain/errors.ts';
import { adviceFor, adviceForSymptoms } from '../../../../domain/explain/remedies.ts';
import type { Symptom } from '../../../../domain/symptom.ts';
import { NOT_FOLLOWED, REMEDY_SCENARIOS, WITHOUT_REDIS } from '../../../support/remedy-scenarios.ts';

const followed = new Set<string>(
  [...Object.values(REMEDY_SCENARIOS), WITHOUT_REDIS].map(({ follows }) => follows),
);
const TROUBLE = { namespace: 'team', configMap: 'config', channel: 'stable', version: '1' };
const CONDITION = { kind: 'condition', type: 'ReplicaFailure', status: 'True' } as const;
/** Of the causes whose advice is that of an error code. */
const SYMPTOMS: Partial<Record<Diagnosis, Symptom>> = {
  'limits-missing': { ...CONDITION, refusal: { by: 'limits', missing: [] } },
  'pod-rejected': { ...CONDITION, refusal: { by: 'pod-security' } },
  'webhook-failed': { ...CONDITION, refusal: { by: 'webhook', webhook: 'hook' } },
  'application-deleting': { kind: 'tampered', what: 'application-deleting' },
  'deployment-deleting': { kind: 'tampered', what: 'deployment-deleting' },
};
const isDiagnosis = (name: string): name is Diagnosis => DIAGNOSES.some((each) => each === name);

function remedyOf(name: ErrorCode | Diagnosis, symptoms: readonly Symptom[]): readonly string[] | undefined {
  if (isDiagnosis(name)) return adviceForSymptoms(TROUBLE, symptoms)?.remedy;
  return adviceFor(name, TROUBLE, symptoms).remedy;
}

describe('every remedy', () => {
  test.each([...Object.keys(ERROR_CODES), ...DIAGNOSES])(
    'of %s is followed in test/integration/remedies.test.ts, or is excused below',
    (code) => {
      const isExcused = Object.hasOwn(NOT_FOLLOWED, code);

      expect(followed.has(code) !== isExcused).toBe(true);
    },
  );

  test.each(Object.entries(NOT_FOLLOWED) as [ErrorCode | Diagnosis, 'nothing to do' | ErrorCode][])(
    'of %s is not followed: %s',
    (name, excuse) => {
      const symptom = isDiagnosis(name) ? SYMPTOMS[name] : undefined;
      const symptoms = symptom ? [symptom] : [];
      const remedy = remedyOf(name, symptoms);

      if (excuse === 'nothing to do') {
        expect(remedy?.filter((step) => !step.startsWith('Nothing to do'))).toEqual([]);
      } else {
        expect(followed).toContain(excuse);
        expect(remedy).toEqual(remedyOf(excuse, symptoms));
      }
    },
  );
});
