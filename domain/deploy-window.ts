import * as z from 'zod';

const MINUTES_PER_HOUR = 60;
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const DAY = DAYS.join('|');
const SPAN = new RegExp(
  `^((?:${DAY})(?:-(?:${DAY}))?(?:,(?:${DAY})(?:-(?:${DAY}))?)*) +(\\d{2}):(\\d{2})-(\\d{2}):(\\d{2})$`,
);

/** Days of the week (1 is Monday), and minutes of the day. An end before the start is on the next day. */
const WindowSpan = z.object({
  days: z.array(z.number().int()).readonly(),
  from: z.number().int(),
  to: z.number().int(),
});
type WindowSpan = Readonly<z.infer<typeof WindowSpan>>;

/** When deploys can begin. */
export const DeployWindow = z
  .object({
    text: z.string().describe('As it was written'),
    timeZone: z.string(),
    spans: z.array(WindowSpan).readonly(),
  })
  .meta({ id: 'DeployWindow' });
export type DeployWindow = Readonly<z.infer<typeof DeployWindow>>;

export type WindowResult =
  | { readonly ok: true; readonly window: DeployWindow }
  | { readonly ok: false; readonly reason: string };

export const WINDOW_ADVICE = 'must be days and times, such as "Mon-Fri 09:00-16:00"';
export const TIME_ZONE_ADVICE = 'must be the name of a time zone, such as Europe/Oslo or UTC';

/** Reads `Mon-Fri 09:00-16:00; Sat 10:00-12:00 Europe/Oslo`. */
export function parseDeployWindow(text: string): WindowResult {
  const [, spans = '', timeZone = ''] = /^(.*) +(\S+)$/.exec(text.trim()) ?? [];
  if (!isTimeZone(timeZone)) {
    return {
      ok: false,
      reason: 'must end with the name of a time zone, such as "Mon-Fri 09:00-16:00 Europe/Oslo"',
    };
  }
  const parsed = spans.split(';').map((span) => parseSpan(span.trim()));
  const valid = parsed.filter((span) => span !== undefined);
  if (valid.length < parsed.length)
    return { ok: false, reason: `${WINDOW_ADVICE}, and the name of a time zone` };
  return { ok: true, window: { text: spans.trim(), timeZone, spans: valid } };
}

/** The hours count as in the clock of this place, also when it changes to summer time. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** `Mon-Fri 09:00-16:00`; undefined if it is not valid. */
export function parseSpan(text: string): WindowSpan | undefined {
  const match = SPAN.exec(text);
  if (!match) return undefined;
  const [, days = '', ...times] = match;
  const [hour = 0, minute = 0, endHour = 0, endMinute = 0] = times.map(Number);
  const from = hour * MINUTES_PER_HOUR + minute;
  const to = endHour * MINUTES_PER_HOUR + endMinute;
  const isClock = hour < 24 && minute < 60 && endMinute < 60 && to <= 24 * MINUTES_PER_HOUR;
  return isClock && from !== to ? { days: days.split(',').flatMap(daysOf), from, to } : undefined;
}

/** `Fri-Mon` are four days. */
function daysOf(range: string): number[] {
  const [first = '', last = first] = range.split('-');
  const from = DAYS.indexOf(first);
  const to = DAYS.indexOf(last);
  const count = ((to - from + DAYS.length) % DAYS.length) + 1;
  return Array.from({ length: count }, (_each, index) => ((from + index) % DAYS.length) + 1);
}
