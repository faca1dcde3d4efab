import { describe, expect, test } from '@jest/globals';
import type { NamespaceFacts } from '../../../../domain/heal/assess-namespace.ts';
import { decideHealing, type HealDecision } from '../../../../domain/heal/decide-healing.ts';
import { fleetWideStatus } from '../../../../domain/heal/fleet-wide-status.ts';
import { withRollout } from '../../../../domain/heal/heal-steps.ts';
import { type Finding, RULES, type Rule } from '../../../../domain/heal/rule.ts';
import { HOUR_MS } from '../../../../domain/time-parts.ts';
import {
  aFinding,
  aFleet,
  BACKOFF_MS,
  endStep,
  NOW,
  type Patient,
  passOver,
  requestStep,
  someFacts,
  someHealSettings,
  untilStep,
  WELL,
} from '../../../support/healing-builders.ts';

const sick = (rule: Rule, overrides: Partial<NamespaceFacts> = {}) => ({
  findings: [aFinding(rule)],
  ...overrides,
});
const kindsOf = ({ last }: Patient) => last?.audit.map(({ kind }) => kind);

function dueFacts(rule: Rule, since: number, evidence?: string): NamespaceFacts {
  const findings = [aFinding(rule, evidence === undefined ? {} : { evidence })];
  const before = { state: 'watching', reason: '', findings, since, waitsSince: since, steps: [] } as const;
  return someFacts({ findings, before });
}

function requested(patient: Patient): Patient {
  const { healing, now } = patient;
  return { ...patient, healing: healing && withRollout(healing, now, 'rollout-1') };
}

/** The means that are tried while nothing helps, and how it ends. */
function climb(rule: Rule, overrides: Partial<NamespaceFacts> = {}, settings = {}) {
  let patient = WELL;
  const means: string[] = [];
  for (;;) {
    patient = untilStep(patient, sick(rule, overrides), settings);
    const repair = patient.last?.actions.get('a');
    if (!repair) return { means, patient };
    means.push(repair.means);
    patient = endStep(patient, 'failed', 'it crashed again');
  }
}

describe('the ladder', () => {
  test.each<[Rule, string[]]>([
    ['no-deployment', ['deploy', 'deploy']],
    ['bootstrap-stuck', ['deploy', 'deploy']],
    ['image-pull', ['deploy']],
    ['oom', ['restart', 'deploy']],
    ['crash-loop', ['restart', 'deploy', 'bootstrap']],
    ['failed-report', ['deploy', 'restart', 'deploy']],
    ['progress-deadline', ['restart', 'deploy']],
    ['drifted', ['deploy', 'deploy']],
    ['wrong-image', ['deploy', 'restart', 'deploy']],
    ['unreported', ['restart', 'deploy', 'bootstrap']],
    ['unavailable', ['restart', 'deploy', 'bootstrap']],
    ['deaf', ['restart', 'deploy']],
  ])('of %s is climbed one by one, then it is quarantined', (rule, expected) => {
    const { means, patient } = climb(rule);

    expect(means).toEqual(expected);
    expect(patient.healing).toMatchObject({
      state: 'quarantined',
      quarantine: { rule, evidence: `${rule} was seen`, cause: 'config 1, release 1' },
      reason: expect.stringContaining('it crashed again'),
    });
    expect(kindsOf(patient)).toEqual(['heal.quarantined']);
  });

  test('never bootstraps an FDD that works, and restarts nothing if there are no pods', () => {
    expect(climb('unavailable', { isAvailable: true, pods: [] }).means).toEqual(['deploy']);
  });

  test('steps that were not carried out are not named as tried', () => {
    let patient = WELL;
    while (patient.healing?.state !== 'quarantined') {
      patient = endStep(untilStep(patient, sick('deaf')), 'cancelled', 'not carried out: held');
    }

    expect(patient.healing.reason).toBe(
      'none of 10 steps was carried out, the last one: not carried out: held',
    );
  });

  test('a cause that changes under repair does not begin at its first step again', () => {
    const restarted = endStep(untilStep(WELL, sick('unavailable')));

    expect(untilStep(restarted, sick('crash-loop')).last?.actions.get('a')).toMatchObject({
      means: 'deploy',
    });
  });

  test.each<Rule>(['crd-missing', 'rights-missing', 'unschedulable', 'scaled-down'])(
    '%s is reported only',
    (rule) => {
      let patient = WELL;
      for (let hours = 0; hours < 48; hours += 1) patient = passOver(patient, HOUR_MS, sick(rule));

      expect(patient.healing).toMatchObject({ state: 'left-alone', steps: [], isReported: true });
    },
  );

  test('scaled-down is healed only if that is allowed', () => {
    expect(climb('scaled-down', {}, { healsScaledDown: true }).means).toEqual(['deploy', 'deploy']);
  });

  test('every rule is left alone if its cause is not in the namespace', () => {
    for (const rule of RULES) {
      const findings = [aFinding(rule, { isFleetWide: true })];
      expect(passOver(WELL, BACKOFF_MS, { findings }).healing?.state).toBe('left-alone');
    }
  });
});

describe('a rule that comes back after a repair', () => {
  const MINUTE_MS = 60_000;
  const wellFor = (patient: Patient, minutes: number) => {
    let next = patient;
    for (let passed = 0; passed < minutes; passed += 1) next = passOver(next, MINUTE_MS, {});
    return next;
  };
  /** FDD runs out of memory five minutes after each start. */
  const untilGivenUp = (minutes: number) => {
    let patient = WELL;
    const means: (string | undefined)[] = [];
    for (;;) {
      patient = untilStep(patient, sick('oom'));
      if (patient.healing?.state === 'quarantined') return { means, patient };
      means.push(patient.last?.actions.get('a')?.means);
      patient = wellFor(endStep(patient), minutes);
    }
  };

  test('is repaired by the next means of its ladder, and then quarantined', () => {
    const { means, patient } = untilGivenUp(5);

    expect(means).toEqual(['restart', 'deploy']);
    expect(patient.healing?.quarantine?.reason).toBe(
      'it came back 2 times after it was repaired: restart FDD; deploy again with a new id',
    );
  });

  test('is not well after a moment without a rule', () => {
    const { patient } = untilGivenUp(5);

    expect(wellFor(patient, 59).healing).toMatchObject({ state: 'recovering', quarantine: { rule: 'oom' } });
    expect(wellFor(patient, 62).healing?.quarantine).toBeUndefined();
    expect(untilStep(wellFor(patient, 62), sick('oom')).healing?.state).toBe('quarantined');
  });

  test('begins again after two hours, and if another one holds', () => {
    const restarted = endStep(untilStep(WELL, sick('oom')));

    expect(wellFor(restarted, 110).healing).toMatchObject({ state: 'watching', steps: [{ rule: 'oom' }] });
    expect(wellFor(restarted, 122).healing).toBeUndefined();
    for (const next of [sick('deaf'), sick('oom')]) {
      const minutes = next.findings[0]?.rule === 'deaf' ? 5 : 122;
      const patient = untilStep(wellFor(restarted, minutes), next);
      expect(patient.last?.actions.get('a')).toMatchObject({ means: 'restart' });
      expect(patient.healing?.comebacks).toBeUndefined();
    }
  });

  const CHANGED = { cause: 'config 1, release 2' };

  test.each<[string, Partial<NamespaceFacts>, string]>([
    ['the same is wanted', {}, 'deploy'],
    ['what is wanted cannot be read', { cause: undefined }, 'deploy'],
    ['another release is wanted, at its first step', CHANGED, 'restart'],
  ])('continues if %s', (_, facts, means) => {
    const well = wellFor(endStep(untilStep(WELL, sick('oom'))), 5);

    for (const patient of [well, passOver(well, MINUTE_MS, facts)]) {
      const next = untilStep(patient, sick('oom', facts));
      expect(next.last?.actions.get('a')).toMatchObject({ means });
      expect(next.healing?.comebacks).toBe(means === 'restart' ? undefined : 1);
      expect(next.healing?.steps).toHaveLength(2);
    }
  });

  test('continues after a change while it was sick only until it is well', () => {
    const restarted = endStep(untilStep(WELL, sick('oom')));

    expect(untilStep(restarted, sick('oom', CHANGED)).last?.actions.get('a')).toMatchObject({
      means: 'deploy',
    });
    const well = passOver(passOver(restarted, MINUTE_MS, CHANGED), BACKOFF_MS, CHANGED);
    expect(untilStep(well, sick('oom', CHANGED)).last?.actions.get('a')).toMatchObject({ means: 'restart' });
  });
});

describe('time', () => {
  test('nothing is done before the grace', () => {
    const young = passOver(WELL, 0, sick('drifted'));

    expect(young.healing).toMatchObject({ state: 'watching', nextAt: NOW + BACKOFF_MS, nextMeans: 'deploy' });
    expect(young.last?.audit).toEqual([]);
    expect(passOver(young, BACKOFF_MS - 1, sick('drifted')).last?.actions.size).toBe(0);
    expect(passOver(young, BACKOFF_MS, sick('drifted')).last?.actions.get('a')).toEqual({
      means: 'deploy',
      rule: 'drifted',
      evidence: 'drifted was seen',
    });
  });

  test('what can recover without help has twice as long', () => {
    const young = passOver(WELL, 0, sick('crash-loop'));

    expect(passOver(young, 2 * BACKOFF_MS - 1, sick('crash-loop')).healing?.state).toBe('waiting');
    expect(passOver(young, 2 * BACKOFF_MS, sick('crash-loop')).last?.actions.get('a')).toMatchObject({
      means: 'restart',
      pods: ['fdd-1'],
    });
  });

  test('the wait after each step is twice as long as before, from the end of the step', () => {
    const first = endStep(untilStep(WELL, sick('wrong-image')), 'failed');
    const second = endStep(untilStep(first, sick('wrong-image')), 'failed');
    const third = untilStep(second, sick('wrong-image'));

    expect(second.now - first.now).toBe(BACKOFF_MS);
    expect(third.now - second.now).toBe(2 * BACKOFF_MS);
  });

  test('nothing begins while a step is under way, however long it takes', () => {
    const begun = requestStep(untilStep(WELL, sick('drifted')));

    const later = passOver(begun, 100 * BACKOFF_MS, sick('drifted'));

    expect(later.healing).toMatchObject({ state: 'healing', steps: [{ means: 'deploy' }] });
    expect(later.last?.actions.size).toBe(0);
  });
});

describe('after what was left alone', () => {
  test.each<[string, Partial<NamespaceFacts>]>([
    ['a pod that no node took', sick('unschedulable')],
    ['an FDD that was switched off', sick('scaled-down')],
    ['a rollout', sick('unavailable', { busy: 'rollout r1 is under way' })],
    ['a hold', sick('unavailable', { forbidden: 'held by jo' })],
  ])('%s: FDD has its time to start', (_what, left) => {
    const alone = passOver(passOver(WELL, 0, sick('unavailable')), 15_000, left);

    const starting = passOver(passOver(alone, HOUR_MS, left), 15_000, sick('unavailable'));

    expect(starting.last?.actions.size).toBe(0);
    expect(starting.healing).toMatchObject({
      state: 'left-alone',
      since: NOW,
      nextAt: starting.now + 2 * BACKOFF_MS,
      nextMeans: 'restart',
    });
    const soon = passOver(starting, 2 * BACKOFF_MS - 1, sick('unavailable'));
    expect(soon.last?.actions.size).toBe(0);
    expect(passOver(soon, 1, sick('unavailable')).last?.actions.get('a')).toMatchObject({ means: 'restart' });
  });

  test('a rollout: it is reported as failing only if it still is when that has its time', () => {
    const busy = passOver(WELL, 0, sick('image-pull', { busy: 'rollout r1 is under way' }));
    const ended = passOver(busy, HOUR_MS, sick('image-pull'));

    expect(ended.last?.audit).toEqual([]);
    expect(kindsOf(passOver(ended, BACKOFF_MS, sick('image-pull')))).toEqual(['namespace.failing']);
  });

  test('another rule that is healed changes nothing: what flaps is repaired, too', () => {
    const crashing = passOver(passOver(WELL, 0, sick('unavailable')), BACKOFF_MS, sick('crash-loop'));

    expect(passOver(crashing, BACKOFF_MS, sick('unavailable')).last?.actions.size).toBe(1);
  });
});

describe('what forbids it', () => {
  test('a request or a rollout of the namespace', () => {
    const busy = passOver(WELL, 0, sick('drifted', { busy: 'rollout r1 is under way' }));

    expect(busy.healing).toMatchObject({ state: 'left-alone', reason: 'rollout r1 is under way' });
    const later = passOver(busy, 10 * BACKOFF_MS, sick('drifted', { busy: 'rollout r1 is under way' }));
    expect(later.last?.audit).toEqual([]);
    expect(later.last?.actions.size).toBe(0);
  });

  test('Helm, a hold, a configuration error: reported as failing, never touched', () => {
    const young = passOver(WELL, 0, sick('drifted', { forbidden: 'Helm manages FDD' }));
    const held = passOver(young, BACKOFF_MS, sick('drifted', { forbidden: 'Helm manages FDD' }));

    expect(held.healing).toMatchObject({ state: 'left-alone', reason: 'Helm manages FDD' });
    expect(kindsOf(held)).toEqual(['namespace.failing']);
  });

  test('a step that was not carried out does not count, but is not repeated at once', () => {
    const begun = untilStep(WELL, sick('no-deployment'));
    const cancelled = endStep(begun, 'cancelled', 'other work is under way');

    const next = untilStep(cancelled, sick('no-deployment'));

    expect(next.now - cancelled.now).toBeGreaterThanOrEqual(BACKOFF_MS);
    expect(climb('no-deployment').means).toHaveLength(2);
    expect(next.last?.actions.get('a')).toMatchObject({ means: 'deploy' });
  });
});

describe('a step whose worker died before it requested it', () => {
  const lost = () => untilStep(WELL, sick('unavailable'));
  const onlyStep = ({ healing }: Patient) => healing?.steps[0];

  test('is carried out by the next pass', () => {
    expect(onlyStep(passOver(lost(), 15_000, sick('unavailable')))).not.toHaveProperty('endedAt');
  });

  test.each<[string, Partial<NamespaceFacts>, string]>([
    ['its namespace is held', sick('unavailable', { forbidden: 'held by jo' }), 'held by jo'],
    ['other work is under way', sick('unavailable', { busy: 'rollout r1' }), 'rollout r1'],
    [
      'FDD was switched off',
      { findings: [aFinding('scaled-down'), aFinding('unavailable')] },
      'FDD was switched off by somebody: only a deploy, or --heal-scaled-down, changes that',
    ],
    ['it has recovered', {}, 'unavailable does not hold any more'],
    ['something else is wrong now', sick('drifted'), 'unavailable does not hold any more'],
  ])('is given up if %s', (_why, facts, reason) => {
    const next = passOver(lost(), 15_000, facts);

    expect(onlyStep(next)).toMatchObject({
      end: 'cancelled',
      result: expect.stringMatching(`^not carried out: .*${reason}`),
    });
    expect(next.healing?.state).not.toBe('healing');
    expect(next.last?.status.cap.used).toBe(0);
  });

  test('is given up if nobody has carried it out for a minute, or healing does not repair any more', () => {
    expect(onlyStep(passOver(lost(), 60_001, sick('unavailable')))?.result).toContain('in time');
    expect(onlyStep(passOver(lost(), 1, sick('unavailable'), { mode: 'report' }))?.result).toContain(
      'reports',
    );
  });

  test('is given up in the pass that closes the stop valve', () => {
    const { healing, now } = lost();
    const others = Array.from({ length: 21 }, (_, index) => [`b-${index}`, someFacts(sick('drifted'))]);
    const facts = {
      a: someFacts({ ...sick('unavailable'), before: healing }),
      ...Object.fromEntries(others),
    };

    const decision = decideHealing(aFleet(facts, { now: now + 15_000 }));

    expect(decision.healing.get('a')?.steps[0]?.result).toContain('not carried out: 2');
    expect(decision.healing.get('a')?.state).not.toBe('healing');
  });

  test('does not count as tried', () => {
    const held = passOver(lost(), 15_000, sick('unavailable', { forbidden: 'held by jo' }));

    expect(untilStep(held, sick('unavailable')).last?.actions.get('a')).toMatchObject({ means: 'restart' });
  });
});

describe('after a deploy that failed', () => {
  const failingAfter = (deployFailedAt: number) => {
    const facts = sick('failed-report', { deployFailedAt });
    return passOver(passOver(WELL, 0, facts), BACKOFF_MS, facts);
  };

  test('people know already that the namespace fails; its end is news', () => {
    const failing = failingAfter(NOW - 10_000);
    expect(failing.healing?.isReported).toBe(true);
    expect(kindsOf(failing)).toEqual(['heal.step']);

    const well = passOver(passOver(endStep(failing), 15_000, {}), BACKOFF_MS, {});
    expect(kindsOf(well)).toEqual(['namespace.recovered']);
  });

  test('what falls sick long after it is news', () => {
    expect(kindsOf(failingAfter(NOW - HOUR_MS))).toContain('namespace.failing');
  });
});

describe('recovery', () => {
  const healed = () => endStep(untilStep(WELL, sick('drifted')));

  test('is believed after the settle time, and published once', () => {
    const recovering = passOver(healed(), 15_000, {});
    const sure = passOver(recovering, BACKOFF_MS, {});

    expect(recovering.healing).toMatchObject({ state: 'recovering', findings: [] });
    expect(recovering.last?.audit).toEqual([]);
    expect(sure.healing).toMatchObject({ state: 'watching', steps: [{ means: 'deploy' }] });
    expect(kindsOf(sure)).toEqual(['namespace.recovered']);
    expect(passOver(sure, 15_000, {}).last?.audit).toEqual([]);
  });

  test('what no rule shows while a step is under way is no recovery, also if the step fails', () => {
    let patient = requested(untilStep(WELL, sick('unreported')));
    for (let passes = 0; passes < 20; passes += 1) patient = passOver(patient, 15_000, {});
    expect(patient.healing).toMatchObject({ state: 'healing' });

    const failed = passOver(endStep(patient, 'failed'), 1, {});

    expect(failed.healing).toMatchObject({ state: 'recovering' });
    expect(kindsOf(failed)).toEqual([]);
    const next = untilStep(failed, sick('unreported'));
    expect(next.last?.actions.get('a')).toMatchObject({ means: 'deploy' });
  });

  test('is not believed while it is in doubt, however long', () => {
    const doubtful = { doubt: 'FDD has not begun deployment id 7 of Application shop' };
    let patient = passOver(endStep(untilStep(WELL, sick('deaf'))), 15_000, doubtful);
    for (let passes = 0; passes < 20; passes += 1) patient = passOver(patient, 15_000, doubtful);

    expect(patient.healing).toMatchObject({
      state: 'recovering',
      reason: 'no rule holds any more; FDD has not begun deployment id 7 of Application shop',
    });
    expect(kindsOf(passOver(patient, 15_000, {}))).toEqual(['namespace.recovered']);
    expect(untilStep(patient, sick('deaf')).last?.actions.get('a')).toMatchObject({ means: 'deploy' });
  });

  test('nothing is done about a deaf FDD while nobody can see whether it is still deaf', () => {
    let patient = WELL;
    for (let passes = 0; passes < 20; passes += 1) {
      patient = passOver(patient, 15_000, sick('deaf', { doubt: 'the watch is broken' }));
    }

    expect(patient.healing).toMatchObject({ state: 'left-alone', reason: 'the watch is broken', steps: [] });
  });

  test('is forgotten after two hours', () => {
    const sure = passOver(passOver(healed(), 15_000, {}), BACKOFF_MS, {});

    const later = passOver(sure, 2 * HOUR_MS, {});

    expect(later.healing).toBeUndefined();
  });

  test('a moment without a rule is no recovery: the ladder continues', () => {
    const flicker = passOver(endStep(untilStep(WELL, sick('crash-loop')), 'failed'), 15_000, {});

    expect(untilStep(flicker, sick('crash-loop')).last?.actions.get('a')).toMatchObject({ means: 'deploy' });
  });

  test('a moment of trouble leaves nothing behind', () => {
    expect(passOver(passOver(WELL, 0, sick('drifted')), 15_000, {}).healing).toBeUndefined();
  });
});

describe('somebody who changes it back', () => {
  const drifted = (by?: string) => ({ findings: [aFinding('drifted', by === undefined ? {} : { by })] });

  test('is named after three times within an hour, and nothing more is done', () => {
    let patient = WELL;
    for (let times = 0; times < 3; times += 1) {
      patient = endStep(untilStep(patient, drifted('rival')));
      patient = passOver(passOver(patient, 15_000, {}), BACKOFF_MS, {});
    }

    const stopped = untilStep(patient, drifted('rival'));

    expect(stopped.healing).toMatchObject({
      state: 'quarantined',
      reason: 'as often as it is repaired, rival changes it back: drifted came back 3 times within an hour',
    });
  });

  test('has another chance when the quarantine ends, and is noticed again', () => {
    const parked = () => {
      let patient = WELL;
      for (let times = 0; times < 3; times += 1) patient = endStep(untilStep(patient, drifted('rival')));
      return untilStep(patient, drifted('rival'));
    };
    const edited = { ...drifted('rival'), cause: 'config 2' };

    let patient = passOver(parked(), 15_000, edited);
    for (let times = 0; times < 3; times += 1) {
      patient = endStep(untilStep(patient, edited));
      expect(patient.healing?.state).toBe('healing');
      patient = passOver(passOver(patient, 15_000, { cause: 'config 2' }), BACKOFF_MS, { cause: 'config 2' });
    }

    expect(untilStep(patient, edited).healing?.state).toBe('quarantined');
  });

  test('is noticed also if it never looks well between', () => {
    let patient = WELL;
    for (let times = 0; times < 3; times += 1) patient = endStep(untilStep(patient, drifted()));

    expect(untilStep(patient, drifted()).healing?.reason).toContain(
      'somebody (the field manager is not known)',
    );
  });
});

describe('quarantine', () => {
  const quarantined = () => climb('no-deployment').patient;

  test('lasts as long as its cause, also if the rule flickers', () => {
    const gone = passOver(quarantined(), 15_000, {});
    const back = passOver(gone, 15_000, sick('unavailable'));

    expect(gone.healing?.state).toBe('recovering');
    expect(back.healing).toMatchObject({ state: 'quarantined', quarantine: { rule: 'no-deployment' } });
    expect(passOver(back, 100 * HOUR_MS, sick('no-deployment')).last?.actions.size).toBe(0);
  });

  test('ends when the cause changes, also while no rule holds', () => {
    const changed = passOver(quarantined(), 15_000, { cause: 'config 2' });

    expect(changed.healing).toMatchObject({ state: 'recovering' });
    expect(changed.healing).not.toHaveProperty('quarantine');
    expect(kindsOf(changed)).toEqual(['heal.unquarantined']);
  });

  test('ends when the cause changes, and the ladder begins at its first step', () => {
    const changed = passOver(quarantined(), 15_000, sick('no-deployment', { cause: 'config 2' }));

    expect(changed.healing?.state).toBe('watching');
    expect(changed.healing).not.toHaveProperty('quarantine');
    expect(kindsOf(changed)).toEqual(['heal.unquarantined']);
    const next = untilStep(changed, sick('no-deployment', { cause: 'config 2' }));
    expect(next.last?.actions.get('a')).toMatchObject({ means: 'deploy' });
  });

  test('neither begins nor ends while its cause cannot be read', () => {
    const unread = { cause: undefined };
    let patient = WELL;
    for (const end of ['failed', 'failed'] as const) {
      patient = endStep(untilStep(patient, sick('no-deployment')), end, 'exceeded quota');
    }
    patient = passOver(patient, HOUR_MS, sick('no-deployment', unread));
    expect(patient.healing).toMatchObject({
      state: 'waiting',
      reason: expect.stringMatching(/^it is given up as soon as the quotas of the namespace can be read: /),
    });
    expect(patient.last?.actions.size).toBe(0);

    patient = passOver(patient, 15_000, sick('no-deployment'));
    expect(patient.healing?.state).toBe('quarantined');
    expect(passOver(patient, 15_000, sick('no-deployment', unread)).healing?.state).toBe('quarantined');
  });

  test('ends when no rule holds for the settle time', () => {
    const sure = passOver(passOver(quarantined(), 15_000, {}), BACKOFF_MS, {});

    expect(sure.healing?.quarantine).toBeUndefined();
    expect(kindsOf(sure)).toEqual(['heal.unquarantined', 'namespace.recovered']);
  });
});

describe('the limits of the fleet', () => {
  const due = (count: number, since = NOW - HOUR_MS) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `ns-${String(index).padStart(3, '0')}`,
        dueFacts('drifted', since + index),
      ]),
    );

  test('the cap lets the longest waiting go first, and the others wait until it has room', () => {
    const decision = decideHealing(aFleet(due(12)));

    expect([...decision.actions.keys()]).toEqual(Object.keys(due(10)));
    expect(decision.healing.get('ns-011')).toMatchObject({
      state: 'stopped',
      nextAt: NOW + HOUR_MS,
      reason: expect.stringMatching(/--heal-hourly-cap .*skipper deploy ns-011$/),
    });
    expect(decision.status.cap).toEqual({ limit: 10, used: 10, freeAt: NOW + HOUR_MS });
  });

  test('a percentage counts as at least 5, and a second step needs no second place', () => {
    const first = decideHealing(aFleet(due(6), { fleet: 10 }));
    expect(first.actions.size).toBe(5);

    const second = Object.fromEntries(
      Object.entries(due(6)).map(([name, facts]) => {
        const before = first.healing.get(name);
        const steps = before?.steps.map((step) => ({ ...step, endedAt: NOW, end: 'failed' as const })) ?? [];
        return [name, { ...facts, before: before && { ...before, steps } }];
      }),
    );
    const next = decideHealing(aFleet(second, { fleet: 10, now: NOW + BACKOFF_MS }));
    expect(next.actions.size).toBe(5);
    expect(next.actions.has('ns-005')).toBe(false);
  });

  test('in the mode report nothing is done, and no place is used', () => {
    const settings = someHealSettings({ mode: 'report' });
    const decision = decideHealing(aFleet(due(12), { settings }));

    expect(decision.actions.size).toBe(0);
    expect(decision.status.cap.used).toBe(0);
    expect(decision.healing.get('ns-000')).toMatchObject({
      state: 'reported',
      reason: 'would deploy again with a new id',
      steps: [],
    });
    expect(decision.audit.map(({ kind, count }) => [kind, count])).toEqual([['namespace.failing', 12]]);
  });

  test('the mode report says what would keep healing from a step', () => {
    const taken = decideHealing(aFleet(due(12)));
    const before = Object.fromEntries(
      Object.entries(due(12)).map(([name, facts]) => {
        const known = taken.healing.get(name);
        const steps = known?.steps.map((step) => ({
          ...step,
          rolloutId: 'r1',
          endedAt: NOW,
          end: 'failed' as const,
        }));
        return [name, { ...facts, before: known && { ...known, steps: steps ?? [] } }];
      }),
    );
    const settings = someHealSettings({ mode: 'report' });
    const decision = decideHealing(aFleet(before, { settings, now: NOW + BACKOFF_MS }));

    expect(decision.healing.get('ns-011')).toMatchObject({
      state: 'reported',
      reason: expect.stringMatching(
        /^would deploy again with a new id, but as many .* --heal-hourly-cap allows$/,
      ),
    });
  });

  test('a deploy without an FDD is named what it will be: a bootstrap', () => {
    const settings = someHealSettings({ mode: 'report' });
    const decision = decideHealing(aFleet({ a: dueFacts('no-deployment', NOW - HOUR_MS) }, { settings }));

    expect(decision.healing.get('a')).toMatchObject({ reason: 'would bootstrap FDD', nextMeans: 'deploy' });
  });

  test('healing stops if too many fall sick at once, and names the causes', () => {
    const decision = decideHealing(aFleet(due(21, NOW - BACKOFF_MS - 21)));

    expect(decision.actions.size).toBe(0);
    expect(decision.status.stopped).toEqual({
      at: NOW,
      reason:
        '21 namespaces fell sick within 10 minutes, more than 20: it is the cluster or the release (drifted 21)',
    });
    expect(decision.audit.map(({ kind }) => kind)).toContain('heal.stopped');
    expect(decision.healing.get('ns-000')?.state).toBe('stopped');
  });

  test('what has been sick for long does not stop it, and neither does what was switched off', () => {
    const off = Object.fromEntries(
      Object.keys(due(30)).map((name) => [name, someFacts({ findings: [aFinding('scaled-down')] })]),
    );

    expect(decideHealing(aFleet(due(21))).status.stopped).toBeUndefined();
    expect(decideHealing(aFleet(off)).status.stopped).toBeUndefined();
  });

  test('quarantines that end together do not stop it: they did not fall sick together', () => {
    const { patient } = climb('no-deployment');
    const parked = (cause: string) =>
      Object.fromEntries(
        Object.keys(due(30)).map((name) => [
          name,
          someFacts({ ...sick('no-deployment', { cause }), before: patient.healing }),
        ]),
      );
    const now = patient.now + HOUR_MS;

    const { status, healing } = decideHealing(aFleet(parked('config 2'), { now }));

    expect(healing.get('ns-000')?.quarantine).toBeUndefined();
    expect(healing.get('ns-000')?.since).toBe(patient.healing?.since);
    expect(status.stopped).toBeUndefined();
  });

  test('what is wrong in the whole fleet does not stop it, but what holds besides does', () => {
    const missing = aFinding('rights-missing', { isFleetWide: true });
    const fallen = (findings: readonly Finding[]) =>
      Object.fromEntries(Object.keys(due(21)).map((name) => [name, someFacts({ findings })]));

    expect(decideHealing(aFleet(fallen([missing]))).status.stopped).toBeUndefined();
    const { stopped } = decideHealing(aFleet(fallen([missing, aFinding('crash-loop')]))).status;
    expect(stopped?.reason).toContain('(crash-loop 21)');
  });

  test('what is sick in the first pass that judges namespaces does not stop it', () => {
    const pass = { findings: [aFinding('crd-missing')], fleet: 100, settings: someHealSettings(), now: NOW };
    const status = fleetWideStatus({ ...pass, before: undefined });
    const sick = due(21, NOW - BACKOFF_MS - 21);

    expect(decideHealing(aFleet(sick, { status })).status.stopped).toBeUndefined();
    const known = fleetWideStatus({ ...pass, before: aFleet({}).status });
    expect(decideHealing(aFleet(sick, { status: known })).status.stopped).toBeDefined();
  });

  test('what is sick in the first pass does not stop it', () => {
    const decision = decideHealing(aFleet(due(21, NOW - BACKOFF_MS - 21), { status: undefined }));

    expect(decision.status).toMatchObject({ resumedAt: NOW });
    expect(decision.actions.size).toBe(10);
  });

  const stoppedStatus = () => decideHealing(aFleet(due(21, NOW - BACKOFF_MS - 21))).status;

  test('it resumes when the share has fallen, and what is left does not stop it again', () => {
    const status = stoppedStatus();
    const later = NOW + BACKOFF_MS;
    const resumed = decideHealing(aFleet(due(20, NOW - BACKOFF_MS - 21), { status, now: later }));

    expect(resumed.status).toMatchObject({ resumedAt: later });
    expect(resumed.status.stopped).toBeUndefined();
    expect(resumed.audit.map(({ kind }) => kind)).toContain('heal.resumed');
    expect(resumed.actions.size).toBe(10);
  });

  test('it resumes only when those that recover have recovered', () => {
    const all = due(21, NOW - BACKOFF_MS - 21);
    const stopped = decideHealing(aFleet(all));
    const later = (last: HealDecision, now: number) => {
      const wellAgain = Object.keys(all).map((name) => [name, someFacts({ before: last.healing.get(name) })]);
      return decideHealing(aFleet(Object.fromEntries(wellAgain), { status: last.status, now }));
    };

    const moment = later(stopped, NOW + 15_000);
    expect(moment.status.sick).toBe(0);
    expect(moment.status.stopped?.at).toBe(NOW);
    expect(later(moment, NOW + 15_000 + BACKOFF_MS).status.stopped).toBeUndefined();
  });

  test('it stays stopped while the share has not fallen, also after the 10 minutes', () => {
    const fleet = aFleet(due(21, NOW - BACKOFF_MS - 21), { status: stoppedStatus(), now: NOW + HOUR_MS });

    expect(decideHealing(fleet).status.stopped?.at).toBe(NOW);
  });

  test('what a person has stopped only a person resumes', () => {
    const stopped = { at: NOW, by: 'jo', reason: 'maintenance' };
    const status = { ...stoppedStatus(), stopped };
    const decision = decideHealing(aFleet(due(1), { status }));

    expect(decision.actions.size).toBe(0);
    expect(decision.status.stopped).toEqual(stopped);
    expect(decision.healing.get('ns-000')?.reason).toBe('healing is stopped: maintenance');
  });
});

describe('the audit', () => {
  function auditOf(evidenceOf: (index: number) => string) {
    const namespaces = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `ns-${index}`,
        dueFacts('crash-loop', NOW - HOUR_MS, evidenceOf(index)),
      ]),
    );
    return decideHealing(aFleet(namespaces, { fleet: 1_000 })).audit;
  }
  const failingOf = (audit: ReturnType<typeof auditOf>) =>
    audit.filter(({ kind }) => kind === 'namespace.failing');

  test('groups what has the same evidence, and names every namespace', () => {
    const audit = auditOf(() => 'the container was killed');
    const failing = failingOf(audit);

    expect(failing.map(({ count, reason }) => [count, reason])).toEqual([
      [20, 'the container was killed'],
      [10, 'the container was killed'],
    ]);
    expect(failing.flatMap(({ namespaces: names }) => names)).toHaveLength(30);
    expect(audit.filter(({ kind }) => kind === 'heal.step')).toHaveLength(2);
  });

  test('has the evidence of each namespace where it is about it, and one cause for all', () => {
    const failing = failingOf(auditOf((index) => `pod fiaas-deploy-daemon-${index}`));

    expect(failing.map(({ namespaces, reason }) => [namespaces, reason])).toEqual(
      Array.from({ length: 30 }, (_, index) => [[`ns-${index}`], `pod fiaas-deploy-daemon-${index}`]),
    );
    expect(new Set(failing.map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
    expect(new Set(failing.map(({ cause }) => cause))).toEqual(new Set(['pod fiaas-deploy-daemon-POD']));
  });
});
