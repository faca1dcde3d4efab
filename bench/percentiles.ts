export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

/** Nearest rank. */
export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1), count: sorted.length };
}

export function showPercentiles({ p50, p99, max, count }: Percentiles, unit: string, digits = 0): string {
  const show = (value: number) => value.toFixed(digits);
  return `p50 ${show(p50)} ${unit}, p99 ${show(p99)} ${unit}, longest ${show(max)} ${unit} (${count})`;
}
