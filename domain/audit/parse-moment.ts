import ms from 'ms';

const AGE = /^\d{1,6}(?:s|m|h|d|w)$/;
const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** What a moment can be written as, for people. */
export const MOMENT_FORMS = 'an age such as 2h or 7d, or a time such as 2026-11-29T08:00:00Z';

/** Milliseconds since the epoch; undefined if it is neither an age nor a time. A time without a zone is UTC. */
export function parseMoment(text: string, now: number): number | undefined {
  if (AGE.test(text)) return now - ms(text as ms.StringValue);
  if (!DATE.test(text)) return undefined;
  const hasZone = /(?:Z|[+-]\d{2}:\d{2})$/.test(text) || !text.includes('T');
  const at = Date.parse(hasZone ? text : `${text}Z`);
  return Number.isNaN(at) ? undefined : at;
}
