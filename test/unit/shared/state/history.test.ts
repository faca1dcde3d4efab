import { describe, expect, test } from '@jest/globals';
import type { Symptom } from '../../../../domain/symptom.ts';
import {
  ATTEMPT_BYTES,
  BOOTSTRAP_LOG_BYTES,
  decodeAttempt,
  decodeBootstrap,
  decodeOpenAttempt,
  decodeSteps,
  encodeAttempt,
  encodeBootstrap,
  encodeSteps,
  foldKeyOf,
} from '../../../../shared/state/history.ts';
import { aBootstrap, aFailedAttempt, anAttempt, STARTED_AT } from '../../../support/details-builders.ts';

/** An element as the Lua scripts store it. */
function stored(json: string, times = 1, first = STARTED_AT, fold = '') {
  return `${times}|${first}|${fold}|${json}`;
}

function anImageProblem(message: string): Symptom {
  const pod = { kind: 'pod', pod: 'fdd', isBootstrap: false, restarts: 0 } as const;
  return { ...pod, state: 'waiting', reason: 'ImagePullBackOff', message };
}

describe('an attempt in the history', () => {
  test.each([
    ['completed', anAttempt()],
    ['failed', aFailedAttempt('quota_exceeded', { details: ['one', 'two | three\nfour'] })],
    ['to be retried', aFailedAttempt('conflict', { end: 'retrying', retryDelayMs: 1_234 })],
    ['without steps', anAttempt({ steps: [], reason: '' })],
    ['with symptoms', aFailedAttempt('progress_deadline', { symptoms: [anImageProblem('not found')] })],
  ])('is decoded unchanged: %s', (_what, attempt) => {
    expect(decodeAttempt(stored(encodeAttempt(attempt)))).toEqual(attempt);
  });

  test('has the count of the attempts folded into it', () => {
    const element = stored(encodeAttempt(anAttempt({ outcome: 'unchanged' })), 7, 42, 'unchanged/1.0');

    expect(decodeAttempt(element)).toMatchObject({ times: 7, firstStartedAt: 42, startedAt: STARTED_AT });
  });

  test('needs less than a kilobyte in typical cases', () => {
    const steps = ['observe', 'plan', 'apply-application', 'verify', 'waiting for FDD', 'rolling out'].map(
      (kind, index) => ({ kind, text: `a text about ${kind}`, at: index * 100, ms: 100 }),
    );

    expect(encodeAttempt(anAttempt({ steps })).length).toBeLessThan(800);
    expect(encodeAttempt(anAttempt({ outcome: 'unchanged', steps: steps.slice(0, 2) })).length).toBeLessThan(
      400,
    );
  });

  test.each([
    ['many lines', Array.from({ length: 500 }, (_, index) => `line ${index} ${'x'.repeat(100)}`)],
    ['umlauts', Array.from({ length: 100 }, () => 'ö'.repeat(100))],
    ['one very long line', ['x'.repeat(100_000)]],
    ['lines that grow when they are escaped', Array.from({ length: 60 }, () => '"\\\n'.repeat(200))],
  ])('stays within its size limit with %s', (_what, details) => {
    const json = encodeAttempt(aFailedAttempt('fdd_failed', { details, reason: 'y'.repeat(50_000) }));

    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(ATTEMPT_BYTES);
  });

  test('keeps the worst symptoms, with long messages truncated', () => {
    const symptoms = Array.from({ length: 30 }, (_, index) =>
      anImageProblem(`${index} ${'"x'.repeat(2_000)}`),
    );

    const json = encodeAttempt(aFailedAttempt('progress_deadline', { symptoms, details: ['one', 'two'] }));
    const kept = decodeAttempt(stored(json));

    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(ATTEMPT_BYTES);
    expect(kept?.details).toEqual(['one', 'two']);
    expect(kept?.symptoms?.length).toBeGreaterThanOrEqual(2);
    expect(kept?.symptoms?.[0]).toMatchObject({ message: expect.stringMatching(/^0 "x.*…$/) });
  });

  test('is decoded even if its symptoms are unknown', () => {
    const json = JSON.stringify({
      r: 'r1',
      g: 1,
      n: 1,
      s: 1,
      c: 'conflict',
      y: [{ kind: 'from-the-future' }],
    });

    expect(decodeAttempt(stored(json))).toMatchObject({ code: 'conflict', symptoms: undefined });
  });

  test('keeps the beginning and the end of long details, and reports how many lines it left out', () => {
    const details = Array.from({ length: 300 }, (_, index) => `line ${index} ${'x'.repeat(60)}`);

    const kept =
      decodeAttempt(stored(encodeAttempt(aFailedAttempt('fdd_failed', { details }))))?.details ?? [];

    expect(kept[0]).toBe(details[0]);
    expect(kept.at(-1)).toBe(details.at(-1));
    const leftOut = kept.find((line) => line.includes('lines left out'));
    expect(leftOut).toBe(`(${300 - kept.length + 1} lines left out)`);
  });

  test.each([
    ['an idle attempt', { outcome: 'unchanged', end: 'completed' }, `unchanged/${anAttempt().version}`],
    ['a throttled attempt', { code: 'rate_limited', end: 'retrying' }, 'throttled/1/1'],
    ['an attempt that changed something', { outcome: 'updated', end: 'completed' }, ''],
    ['a failed attempt', { code: 'rate_limited', end: 'failed' }, ''],
  ] as const)(
    'is folded with similar attempts only if it adds no information: %s',
    (_what, overrides, key) => {
      expect(foldKeyOf(anAttempt(overrides))).toBe(key);
    },
  );

  test.each(['', 'nonsense', '1|2|x|not json', '1|2||{"r":1}', '1|2||[]'])(
    'is ignored if it is malformed: %j',
    (element) => {
      expect(decodeAttempt(element)).toBeUndefined();
    },
  );

  test('is decoded from the records of begin.lua for a running attempt and for one whose worker was lost', () => {
    const open = '{"r":"r1","g":3,"n":2,"j":"a.3","t":"api","b":"me","v":"1.0","s":1700000000000}';
    const lost = `${open.slice(0, -1)},"e":"lost","x":1700000009000,"m":"the worker was lost","p":[["observe","",0,5]]}`;

    expect(decodeOpenAttempt(open)).toMatchObject({
      rolloutId: 'r1',
      generation: 3,
      attempt: 2,
      end: undefined,
    });
    expect(decodeAttempt(stored(lost))).toMatchObject({
      end: 'lost',
      endedAt: 1_700_000_009_000,
      steps: [{ kind: 'observe', ms: 5 }],
    });
    expect(decodeOpenAttempt('')).toBeUndefined();
  });

  test('has its steps decoded unchanged, even if there are none', () => {
    const { steps } = anAttempt();

    expect(decodeSteps(encodeSteps(steps))).toEqual(steps);
    expect(decodeSteps('')).toEqual([]);
  });
});

describe('the last bootstrap', () => {
  test('is decoded unchanged', () => {
    const bootstrap = aBootstrap({ exitCode: undefined, events: ['Warning BackOff: x'] });

    expect(decodeBootstrap(encodeBootstrap(bootstrap))).toEqual(bootstrap);
  });

  test('keeps the end of a long log, starting at a line', () => {
    const log = Array.from({ length: 1_000 }, (_, index) => `line ${index} ${'ö'.repeat(40)}`).join('\n');

    const kept = decodeBootstrap(encodeBootstrap(aBootstrap({ log })))?.log ?? '';

    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(BOOTSTRAP_LOG_BYTES);
    expect(Buffer.byteLength(kept)).toBeGreaterThan(BOOTSTRAP_LOG_BYTES / 2);
    expect(kept).toMatch(/^line \d+ /);
    expect(kept.endsWith(log.slice(-60))).toBe(true);
  });

  test('is ignored if it is malformed', () => {
    expect(decodeBootstrap('{')).toBeUndefined();
  });
});
