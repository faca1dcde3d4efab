import { z } from 'zod';
import { type Attempt, AttemptEnd, type AttemptStep, LastBootstrap } from '../../domain/rollout/attempt.ts';
import { Outcome } from '../../domain/rollout/rollout.ts';
import { Symptom } from '../../domain/symptom.ts';
import { jsonText } from '../json-text.ts';
import type { EncodedEnding, HistoryLimits } from './scripts.ts';

/**
 * The history of a namespace in Redis: a list of its last attempts, newest first, and the last bootstrap.
 * Both are written by the script that ends an attempt (docs/decisions/0011).
 *
 * An element is `<times>|<first started at>|<fold key>|<JSON>`: repeated attempts are counted without parsing JSON in Lua.
 */

export const HISTORY_LIMITS: HistoryLimits = { attempts: 20, ttlSeconds: 30 * 24 * 3600 };
/** An attempt takes about 0.5 KiB; with FDD's log lines at most this much. */
export const ATTEMPT_BYTES = 4 * 1024;
export const BOOTSTRAP_LOG_BYTES = 16 * 1024;

const REASON_LENGTH = 1_000;
const SYMPTOMS_BYTES = 1_536;
const SYMPTOM_MESSAGE_LENGTH = 400;
const STEP_TEXT_LENGTH = 200;
const EVENTS_KEPT = 20;
const EVENT_LENGTH = 500;

/** The input of a script that ends an attempt. */
export interface AttemptEnding {
  readonly attempt: Attempt;
  /** The bootstrap pod's record, if the attempt has collected one. */
  readonly bootstrap?: LastBootstrap | undefined;
}

/**
 * Consecutive attempts with the same key are counted as one; an empty key is never counted. Runs with nothing to do, and
 * requests that the API server rate limits, come in large numbers.
 */
export function foldKeyOf({ outcome, end, code, version, generation, attempt }: Attempt): string {
  if (end === 'refused') return `refused/${code}`;
  if (end === 'completed' && outcome === 'unchanged') return `unchanged/${version}`;
  if (end === 'retrying' && code === 'rate_limited') return `throttled/${generation}/${attempt}`;
  return '';
}

export function encodeEnding({ attempt, bootstrap }: AttemptEnding): EncodedEnding {
  return {
    fold: foldKeyOf(attempt),
    attempt: encodeAttempt(attempt),
    startedAt: attempt.startedAt,
    bootstrap: bootstrap && encodeBootstrap(bootstrap),
  };
}

export function encodeAttempt(attempt: Attempt): string {
  const short = {
    r: attempt.rolloutId,
    g: attempt.generation,
    n: attempt.attempt,
    j: attempt.jobId,
    t: attempt.trigger,
    b: attempt.requestedBy,
    v: attempt.version,
    s: attempt.startedAt,
    x: attempt.endedAt,
    e: attempt.end,
    o: attempt.outcome,
    c: attempt.code,
    m: attempt.reason === '' ? undefined : cut(attempt.reason, REASON_LENGTH),
    w: attempt.retryDelayMs,
    y: shortSymptoms(attempt.symptoms ?? []),
    p: shortSteps(attempt.steps),
  };
  const room = ATTEMPT_BYTES - bytesOf(short);
  const details = fitting(attempt.details, room);
  return JSON.stringify(details.length === 0 ? short : { ...short, d: details });
}

export function encodeSteps(steps: readonly AttemptStep[]): string {
  return JSON.stringify(shortSteps(steps));
}

function shortSteps(steps: readonly AttemptStep[]) {
  return steps.map(({ kind, text, at, ms }) => [kind, cut(text, STEP_TEXT_LENGTH), at, ms] as const);
}

/** As many as fit, the worst first; undefined if there are none. */
function shortSymptoms(symptoms: readonly Symptom[]): Symptom[] | undefined {
  const kept: Symptom[] = [];
  for (const symptom of symptoms.map(withShortMessage)) {
    if (bytesOf([...kept, symptom]) > SYMPTOMS_BYTES) break;
    kept.push(symptom);
  }
  return kept.length === 0 ? undefined : kept;
}

function withShortMessage(symptom: Symptom): Symptom {
  if (!('message' in symptom) || symptom.message === undefined) return symptom;
  return { ...symptom, message: cut(symptom.message, SYMPTOM_MESSAGE_LENGTH) };
}

/** The first and the last lines are the most useful; those in between that do not fit are left out, and counted. */
function fitting(lines: readonly string[], room: number): string[] {
  const cost = (line: string) => bytesOf(line) + 1;
  const total = lines.reduce((sum, line) => sum + cost(line), 0);
  if (total <= room) return [...lines];
  const short = lines.map((line) =>
    line.length <= 300 ? line : `${line.slice(0, 200)} … ${line.slice(-90)}`,
  );
  const kept: [string[], string[]] = [[], []];
  let left = room - 40;
  for (let first = 0, last = short.length - 1; first <= last; ) {
    const fromEnd = kept[1].length <= kept[0].length;
    const line = short[fromEnd ? last : first] ?? '';
    left -= cost(line);
    if (left < 0) break;
    if (fromEnd) {
      kept[1].unshift(line);
      last -= 1;
    } else {
      kept[0].push(line);
      first += 1;
    }
  }
  const dropped = lines.length - kept[0].length - kept[1].length;
  return dropped === 0 ? [...kept[0], ...kept[1]] : [...kept[0], `(${dropped} lines left out)`, ...kept[1]];
}

export function encodeBootstrap(bootstrap: LastBootstrap): string {
  return JSON.stringify({
    ...bootstrap,
    log: tailOf(bootstrap.log, BOOTSTRAP_LOG_BYTES),
    events: bootstrap.events.slice(-EVENTS_KEPT).map((event) => event.slice(0, EVENT_LENGTH)),
  });
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The end of a text, from the beginning of a line, in at most this many bytes. */
function tailOf(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  const tail = whole.subarray(-bytes).toString('utf8');
  return tail.slice(tail.indexOf('\n') + 1);
}

/** Data from Redis is validated: an older or newer Skipper can have written it. */
const Step = z
  .tuple([z.string(), z.string(), z.number(), z.number()])
  .transform(([kind, text, at, ms]): AttemptStep => ({ kind, text, at, ms }));

const StoredSteps = jsonText(z.array(Step));

const StoredAttempt = jsonText(
  z.object({
    r: z.string(),
    g: z.coerce.number(),
    n: z.coerce.number(),
    j: z.string().default(''),
    t: z.string().default(''),
    b: z.string().default(''),
    v: z.string().default(''),
    s: z.coerce.number(),
    x: z.coerce.number().optional(),
    e: AttemptEnd.optional().catch(undefined),
    o: Outcome.optional().catch(undefined),
    c: z.string().optional(),
    m: z.string().default(''),
    d: z.array(z.string()).default([]),
    w: z.number().optional(),
    // A newer Skipper can have more kinds.
    y: z.array(Symptom).optional().catch(undefined),
    // An empty Lua table is encoded as an object.
    p: z.union([z.array(Step), z.object({}).transform((): AttemptStep[] => [])]).default([]),
  }),
);

/** An element of the list; undefined if it is invalid. */
export function decodeAttempt(element: string): Attempt | undefined {
  const [, times, first, json] = /^(\d+)\|(\d+)\|[^|]*\|(.*)$/s.exec(element) ?? [];
  return json === undefined ? undefined : fromShort(json, Number(times), Number(first));
}

/** The running attempt, as begin.lua recorded it. */
export function decodeOpenAttempt(json: string): Attempt | undefined {
  return json === '' ? undefined : fromShort(json, 1, undefined);
}

export function decodeSteps(json: string): AttemptStep[] {
  return StoredSteps.safeParse(json).data ?? [];
}

function fromShort(json: string, times: number, firstStartedAt: number | undefined): Attempt | undefined {
  const { data } = StoredAttempt.safeParse(json);
  return (
    data && {
      rolloutId: data.r,
      generation: data.g,
      attempt: data.n,
      jobId: data.j,
      trigger: data.t,
      requestedBy: data.b,
      version: data.v,
      startedAt: data.s,
      endedAt: data.x,
      end: data.e,
      outcome: data.o,
      code: data.c,
      reason: data.m,
      details: data.d,
      symptoms: data.y,
      steps: data.p,
      retryDelayMs: data.w,
      times,
      firstStartedAt: firstStartedAt ?? data.s,
    }
  );
}

const StoredBootstrap = jsonText(LastBootstrap);

export function decodeBootstrap(json: string): LastBootstrap | undefined {
  return StoredBootstrap.safeParse(json).data;
}
