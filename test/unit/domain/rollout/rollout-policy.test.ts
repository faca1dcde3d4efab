import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { closureAt } from '../../../../domain/rollout/closure.ts';
import { REQUEST_TRIGGERS, type Trigger } from '../../../../domain/rollout/rollout.ts';
import {
  describeProblem,
  parseRolloutPolicy,
  scheduleFor,
  strategyFor,
  waitsForNamespaces,
} from '../../../../domain/rollout/rollout-policy.ts';

function problemsOf(text: string): string[] {
  const result = parseRolloutPolicy(text);
  return result.ok ? [] : result.problems.map(describeProblem);
}

const EXAMPLE = `
release: { type: Progressive, canary: 1, waves: [5%, 25%, 100%], maxConcurrency: 50, minSuccessTime: 60s, progressDeadline: 5m, maxFailures: 2% }
api: { type: All }
`;

describe('parseRolloutPolicy', () => {
  test('reads the example of the documentation', () => {
    const result = parseRolloutPolicy(EXAMPLE);

    expect(result).toEqual({
      ok: true,
      policy: {
        release: {
          type: 'Progressive',
          canary: 1,
          waves: ['5%', '25%', '100%'],
          maxConcurrency: 50,
          minSuccessTime: '60s',
          progressDeadline: '5m',
          maxFailures: '2%',
          approval: false,
          newerRelease: 'replace',
        },
        api: { type: 'All' },
      },
    });
  });

  test.each(['', '# nothing yet\n', '---\n', '{}'])('reads %j as the defaults', (text) => {
    expect(parseRolloutPolicy(text)).toEqual({ ok: true, policy: {} });
  });

  test.each([
    [
      'a wrong value in a list',
      'api: {type: All}\nrelease:\n  type: Progressive\n  waves:\n    - 5%\n    - many\n',
      ['line 6: release.waves[1] must be a whole number of at least 1, or a percentage such as 5%'],
    ],
    [
      'waves that fall',
      'release:\n  type: Progressive\n  waves: [50%,\n    25%]\n',
      ['line 4: release.waves[1] must be more than 50%: waves are cumulative'],
    ],
    [
      'a duration without a unit',
      'release:\n  type: Progressive\n  minSuccessTime: 60\n',
      ['line 3: release.minSuccessTime must be a duration with its unit, such as 30s, 5m or 1h'],
    ],
    [
      'a misspelt field',
      'release:\n  type: Progressive\n  maxFailure: 1\n',
      ['line 3: release.maxFailure is not a known field'],
    ],
    [
      'an unknown trigger',
      'release: {type: All}\nrelese: {type: All}\n',
      ['line 2: relese is not a known field: triggers are api, release, retry, heal, cli, board, webhook'],
    ],
    [
      'a missing type',
      'api:\n  type: All\nrelease:\n  canary: 1\n',
      ['line 3: release.type must have the type All or Progressive'],
    ],
    ['an empty strategy', 'api:\n', ['line 1: api must have the type All or Progressive']],
    [
      'more than one problem, by line',
      'release:\n  type: Progressive\n  oops: 1\n  maxConcurrency: 0\napi: {type: Most}\n',
      [
        'line 3: release.oops is not a known field',
        'line 4: release.maxConcurrency must be a whole number of at least 1, or a percentage such as 5%',
        'line 5: api.type must have the type All or Progressive',
      ],
    ],
    [
      'wrong windows',
      'release:\n  windows: [Mon-Fri 09:00-16:00,\n    always]\n  timeZone: Europe/Oslo\n',
      ['line 3: release.windows[1] must be days and times, such as "Mon-Fri 09:00-16:00"'],
    ],
    [
      'windows without a time zone',
      'release:\n  windows: [Mon-Fri 09:00-16:00]\n',
      [
        'line 1: release.timeZone must be the name of a time zone, such as Europe/Oslo or UTC: the windows need one',
      ],
    ],
    [
      'an unknown time zone',
      'api:\n  type: All\n  timeZone: Mars\n',
      ['line 3: api.timeZone must be the name of a time zone, such as Europe/Oslo or UTC'],
    ],
    [
      'wrong freezes',
      'freezes:\n  - {from: 2026-12-20, to: 2026-12-19, timeZone: UTC, reason: x}\n  - {from: 2026-02-30, to: 2027, timeZone: UTC, reason: ""}\n',
      [
        'line 2: freezes[0].to must be after from',
        'line 3: freezes[1].from must be a date or a time, such as 2026-12-20 or 2026-12-20T18:00',
        'line 3: freezes[1].to must be a date or a time, such as 2026-12-20 or 2026-12-20T18:00',
        'line 3: freezes[1].reason must say why',
      ],
    ],
    [
      'a list',
      '- release\n',
      [
        'line 1: the policy must be a mapping of triggers to strategies, such as "release: {type: Progressive}"',
      ],
    ],
    [
      'a bracket that is not closed',
      'api: {type: All}\nrelease: {type: All\n',
      [expect.stringMatching(/^line 3: the policy is not valid YAML: /)],
    ],
    [
      'a key twice',
      'api: {type: All}\napi: {type: All}\n',
      ['line 2: the policy is not valid YAML: Map keys must be unique'],
    ],
    [
      'two documents',
      'api: {type: All}\n---\napi: {type: All}\n',
      [expect.stringMatching(/^line 2: the policy is not valid YAML: /)],
    ],
    [
      'an alias without an anchor',
      'api: *all\n',
      [expect.stringMatching(/^line 1: the policy is not valid YAML: .*all/)],
    ],
  ])('refuses %s, with line and field', (_what, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  test('never throws', () => {
    const line = fc.constantFrom(
      'api:',
      '  type: All',
      '- 1',
      '{',
      ']',
      '*a',
      '&a x',
      '? [a]',
      ': b',
      '"',
      '<<: 1',
      '!!set',
      '\t',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(line).map((lines) => lines.join('\n')),
        ),
        (text) => {
          const result = parseRolloutPolicy(text);

          if (!result.ok) for (const { line: at } of result.problems) expect(at).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });
});

describe('strategyFor', () => {
  test.each<[Trigger, number, object]>([
    ['release', 1, { type: 'Progressive', canary: 1 }],
    ['release', 10_000, { type: 'Progressive', canary: 1 }],
    ['api', 1, { type: 'All' }],
    ['api', 10, { type: 'All' }],
    ['api', 11, { type: 'Progressive', canary: 0, waves: ['5%', '25%', '100%'] }],
    ['board', 10, { type: 'All' }],
    ['board', 11, { type: 'Progressive', canary: 0 }],
  ])('is by default, for %s and %d namespaces, %j', (trigger, total, expected) => {
    expect(strategyFor({}, trigger, total)).toMatchObject(expected);
  });

  test.each(REQUEST_TRIGGERS)('is the one of the policy for %s, whatever the number', (trigger) => {
    const policy = { [trigger]: { type: 'All' as const } };

    expect(strategyFor(policy, trigger, 500)).toEqual({ type: 'All' });
  });
});

describe('scheduleFor', () => {
  const result = parseRolloutPolicy(`
release: {windows: ["Mon-Fri 09:00-16:00"], timeZone: Europe/Oslo}
webhook: {type: All, windows: ["Sun 00:00-24:00"], timeZone: UTC}
freezes:
  - {from: 2026-12-20, to: 2027-01-03, timeZone: Europe/Oslo, reason: Christmas}
  - {from: 2026-06-01T12:00, to: 2026-06-01T13:00, timeZone: UTC, reason: audit, triggers: [api]}
`);
  const policy = result.ok ? result.policy : {};

  test.each<[Trigger, string, string | undefined]>([
    ['release', '2026-11-30T08:00:00Z', undefined],
    ['release', '2026-11-30T07:59:00Z', 'waits for the window Mon-Fri 09:00-16:00 Europe/Oslo until'],
    ['retry', '2026-11-30T07:59:00Z', 'waits for the window Mon-Fri 09:00-16:00 Europe/Oslo until'],
    ['webhook', '2026-11-30T07:59:00Z', 'waits for the window Sun 00:00-24:00 UTC until'],
    ['api', '2026-11-30T07:59:00Z', undefined],
    [
      'release',
      '2026-12-21T10:00:00Z',
      'waits for the end of the freeze (Christmas) until Mon 2027-01-04 09:00 Europe/Oslo',
    ],
    ['api', '2026-12-21T10:00:00Z', undefined],
    ['api', '2026-06-01T12:30:00Z', 'waits for the end of the freeze (audit) until Mon 2026-06-01 13:00 UTC'],
  ])('%s at %s', (trigger, at, reason) => {
    const closure = closureAt(scheduleFor(policy, trigger), Date.parse(at));

    if (reason === undefined) expect(closure).toBeUndefined();
    else expect(closure?.reason).toContain(reason);
  });

  test('a trigger that has only windows has the strategy of the defaults', () => {
    expect(strategyFor(policy, 'release', 100)).toEqual(strategyFor({}, 'release', 100));
    expect(strategyFor(policy, 'webhook', 100)).toEqual({ type: 'All' });
  });

  test('people do not wait for the windows of namespaces, unless the policy has windows for them', () => {
    expect(waitsForNamespaces(policy, 'release')).toBe(true);
    expect(waitsForNamespaces(policy, 'cli')).toBe(false);
    expect(waitsForNamespaces({ cli: { windows: ['Mon 09:00-10:00'], timeZone: 'UTC' } }, 'cli')).toBe(true);
  });
});
