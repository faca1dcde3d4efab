/** The names of the bench's namespaces, in order, from a number on. */
export function benchNames(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `bench-${String(index + from).padStart(5, '0')}`);
}

/** A share of the names, spread evenly over them. */
export function spaced(names: readonly string[], share: number): string[] {
  return share === 0 ? [] : names.filter((_, index) => index % Math.round(1 / share) === 0);
}
