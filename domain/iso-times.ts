const TIME_NAME = /^(at|now|since|p50|p90)$|[a-z]At$/;
/** Times are milliseconds since the epoch; fields with such names can also be durations, which are smaller. */
const FIRST_TIME = Date.UTC(2000, 0, 1);

/** Converts the API's times to ISO 8601: `2026-11-23T08:14:03.000Z`. */
export function withIsoTimes(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => withIsoTimes(each));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withIsoTimes(each, key)]));
  }
  const isTime = typeof value === 'number' && TIME_NAME.test(name) && value >= FIRST_TIME;
  return isTime ? new Date(value).toISOString() : value;
}
