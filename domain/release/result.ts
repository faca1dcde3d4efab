/** A value, or the reason why there is none: for input that is expected to be invalid at times. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** Reasons quote their input, which can be a megabyte; they are logged, stored and shown. */
const REASON_LENGTH = 1_000;

export function invalid(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason: reason.length > REASON_LENGTH ? `${reason.slice(0, REASON_LENGTH)}…` : reason };
}
