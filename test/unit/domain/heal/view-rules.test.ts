import { describe, expect, test } from '@jest/globals';
import { RULES, type Rule } from '../../../../domain/heal/rule.ts';
import { ageRules, type PassResult, unknownRules, viewRules } from '../../../../domain/heal/view-rules.ts';
import { ok } from '../../../../domain/release/result.ts';
import { aConfig, aDeployment, aSettledSnapshot } from '../../../support/builders.ts';
import { aFinding, aHealing, aPass, aStatus, MINUTE, NOW } from '../../../support/healing-builders.ts';

function statesOf({ rules }: ReturnType<typeof viewRules>): Partial<Record<Rule, string>> {
  return Object.fromEntries(rules.map(({ rule, state }) => [rule, state]));
}

function all(state: string): Record<Rule, string> {
  return Object.fromEntries(RULES.map((rule) => [rule, state])) as Record<Rule, string>;
}

describe('the state of every rule', () => {
  test('is ok after a recent pass that found nothing', () => {
    const view = viewRules(aPass({ status: aStatus(), healing: undefined }), NOW);
    expect(statesOf(view)).toEqual(all('ok'));
    expect(view).toMatchObject({ mode: 'on', checkedAt: NOW - 5_000, isStale: false });
  });

  test('holds with evidence and since when', () => {
    const healing = aHealing({ findings: [aFinding('wrong-image', { by: 'kubectl-edit' })] });
    const view = viewRules(aPass({ status: aStatus(), healing }), NOW);
    expect(statesOf(view)).toEqual({ ...all('ok'), 'wrong-image': 'holds' });
    expect(view.rules.find(({ rule }) => rule === 'wrong-image')).toEqual({
      rule: 'wrong-image',
      state: 'holds',
      since: NOW - 5 * MINUTE,
      evidence: 'wrong-image was seen',
      by: 'kubectl-edit',
    });
    expect(view.healing).toBe(healing);
  });

  test('is unknown for deaf while its watches are not in order, also if it held before', () => {
    const status = aStatus({ isDeafKnown: false });
    expect(statesOf(viewRules(aPass({ status, healing: undefined }), NOW))).toEqual({
      ...all('ok'),
      deaf: 'unknown',
    });
    const healing = aHealing({ findings: [aFinding('deaf')] });
    expect(statesOf(viewRules(aPass({ status, healing }), NOW))).toEqual({ ...all('ok'), deaf: 'unknown' });
  });

  test('is unknown while something is wrong in the whole fleet, with what the pass before had seen', () => {
    const missing = aFinding('crd-missing', { evidence: '404', isFleetWide: true });
    const view = viewRules(aPass({ status: aStatus({ fleetWide: [missing] }), healing: aHealing() }), NOW);
    expect(statesOf(view)).toEqual({ ...all('unknown'), 'crd-missing': 'holds' });
    expect(view.rules.find(({ rule }) => rule === 'crash-loop')).toMatchObject({
      evidence: 'crash-loop was seen',
      reason: 'not judged: crd-missing in the whole fleet',
    });
  });

  const ABOUT_APPLICATION = {
    'no-deployment': 'unknown',
    'bootstrap-stuck': 'unknown',
    'failed-report': 'unknown',
    drifted: 'unknown',
    'wrong-image': 'unknown',
    unreported: 'unknown',
  };
  const DONE = {
    generation: 3,
    handled: 3,
    phase: 'done',
    lastState: 'completed',
    lastFailure: '',
    reason: '',
    finishedAt: NOW - MINUTE,
  } as const;
  const UNFINISHED = { ...DONE, generation: 4, phase: 'rolling out' } as const;

  test.each<[string, Partial<PassResult>, Partial<Record<Rule, string>>, string | undefined]>([
    [
      'Helm manages FDD',
      { snapshot: aSettledSnapshot({ deployment: aDeployment({ helmRelease: 'fdd' }) }) },
      { ...all('ok'), ...ABOUT_APPLICATION },
      'not judged: Helm manages FDD',
    ],
    [
      'it is leaving',
      { snapshot: aSettledSnapshot({ config: ok(aConfig({ isDeleting: true })) }) },
      all('unknown'),
      'not judged: it is being deleted',
    ],
    [
      'it was created after the pass',
      { snapshot: aSettledSnapshot({ config: ok(aConfig({ createdAt: NOW })) }) },
      all('unknown'),
      'not judged: it is newer than the latest pass',
    ],
    [
      'the first attempt of a request is under way',
      { record: UNFINISHED },
      { ...all('ok'), ...ABOUT_APPLICATION, unavailable: 'unknown' },
      'not judged: a request is under way, or has just ended',
    ],
    [
      'a request ended after the pass',
      { record: { ...DONE, finishedAt: NOW - 1_000 } },
      { ...all('ok'), ...ABOUT_APPLICATION, unavailable: 'unknown' },
      'not judged: a request is under way, or has just ended',
    ],
    [
      'a later attempt is under way',
      { record: { ...UNFINISHED, lastFailure: 'no' } },
      { ...all('ok'), drifted: 'unknown' },
      undefined,
    ],
    ['a request ended before the pass', { record: DONE }, all('ok'), undefined],
  ])('is unknown if it was not judged: %s', (_case, pass, states, reason) => {
    const view = viewRules(aPass(pass), NOW);

    expect(statesOf(view)).toEqual(states);
    expect(view.rules.find(({ rule }) => rule === 'wrong-image')?.reason).toBe(reason);
  });

  test('holds if it was found, although a request is under way', () => {
    const healing = aHealing({ findings: [aFinding('no-deployment')] });
    const view = viewRules(aPass({ healing, record: UNFINISHED }), NOW);
    expect(statesOf(view)).toMatchObject({ 'no-deployment': 'holds', unreported: 'unknown' });
  });

  test('is unknown when the latest pass is old, with what it had seen', () => {
    const status = aStatus({ checkedAt: NOW - 90_000 });
    const view = viewRules(aPass({ status, healing: aHealing() }), NOW);
    expect(view.isStale).toBe(true);
    expect(statesOf(view)).toEqual(all('unknown'));
    expect(view.rules.find(({ rule }) => rule === 'crash-loop')).toMatchObject({
      evidence: 'crash-loop was seen',
      reason: 'the latest pass was 1m 30s ago, and one is due every 15s',
    });
  });

  test.each([
    [15, 60_000, false],
    [15, 60_001, true],
    [300, 900_000, false],
    [300, 900_001, true],
    [1, 59_000, false],
  ])('with a pass every %d s and one %d ms ago: stale is %p', (intervalSeconds, age, isStale) => {
    const status = aStatus({ intervalSeconds, checkedAt: NOW - age });
    expect(viewRules(aPass({ status, healing: undefined }), NOW).isStale).toBe(isStale);
  });

  test('does not stay ok forever where nothing newer is read', () => {
    const view = viewRules(aPass({ status: aStatus({ checkedAt: NOW }), healing: undefined }), NOW);
    expect(ageRules(view, NOW + MINUTE)).toBe(view);
    const aged = ageRules(view, NOW + MINUTE + 1);
    expect(aged.isStale).toBe(true);
    expect(statesOf(aged)).toEqual(all('unknown'));
  });

  test('is unknown if no pass is known, and if the result cannot be read', () => {
    const never = viewRules(aPass({ status: undefined, healing: undefined }), NOW);
    expect(never.mode).toBeUndefined();
    expect(statesOf(never)).toEqual(all('unknown'));
    expect(statesOf(unknownRules('Redis does not answer'))).toEqual(all('unknown'));
  });

  test('is off while healing is off, however old the latest pass is', () => {
    const status = aStatus({ mode: 'off', checkedAt: NOW - 60 * MINUTE });
    const view = viewRules(aPass({ status, healing: aHealing() }), NOW);
    expect(statesOf(view)).toEqual(all('off'));
    expect(view.isStale).toBe(false);
    expect(view.healing).toBeUndefined();
  });
});
