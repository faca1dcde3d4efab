/** An answer, or the reason why there is none: for input that may be wrong without being exceptional. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function invalid(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
