import { describe, expect, test } from '@jest/globals';
import type { NamespaceHealing } from '../../../../domain/heal/healing.ts';
import { keepWhileOff } from '../../../../domain/heal/keep-while-off.ts';
import { HOUR_MS } from '../../../../domain/time-parts.ts';
import {
  aFinding,
  BACKOFF_MS,
  endStep,
  NOW,
  passOver,
  untilStep,
  WELL,
} from '../../../support/healing-builders.ts';

const drifted = { findings: [aFinding('drifted', { by: 'rival' })] };
const repaired = () => endStep(untilStep(WELL, drifted));

describe('while healing is off', () => {
  test('the steps of the last hour are remembered: they count for the cap, and for somebody who changes it back', () => {
    const { healing, now } = repaired();
    const kept = keepWhileOff(healing as NamespaceHealing, now);

    expect(kept).toMatchObject({ state: 'left-alone', reason: 'healing is off', findings: [] });
    const on = passOver({ healing: kept, last: undefined, now }, 15_000, drifted);
    expect(on.last?.status.cap.used).toBe(1);
    expect(on.healing?.steps).toHaveLength(1);
    expect(keepWhileOff(healing as NamespaceHealing, now + HOUR_MS)).toBeUndefined();
  });

  test('a quarantine lasts', () => {
    let patient = repaired();
    while (patient.healing?.state !== 'quarantined') patient = endStep(untilStep(patient, drifted));
    const kept = keepWhileOff(patient.healing, patient.now + 2 * HOUR_MS);

    expect(kept?.quarantine).toEqual(patient.healing.quarantine);
    expect(passOver({ ...patient, healing: kept }, 3 * HOUR_MS, drifted).healing?.state).toBe('quarantined');
  });

  test('what was well again is still well, so that another rule begins with its own first step', () => {
    const { healing, now } = passOver(passOver(repaired(), 15_000, {}), BACKOFF_MS, {});
    const kept = keepWhileOff(healing as NamespaceHealing, now);

    expect(kept).toMatchObject({ state: 'watching', wellSince: healing?.wellSince, wanted: healing?.wanted });
    const next = untilStep({ healing: kept, last: undefined, now }, { findings: [aFinding('oom')] });
    expect(next.last?.actions.get('a')).toMatchObject({ means: 'restart' });
  });

  test('nothing else is kept', () => {
    const { healing } = passOver(WELL, 0, drifted);

    expect(keepWhileOff(healing as NamespaceHealing, NOW)).toBeUndefined();
  });
});
