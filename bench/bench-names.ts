/** The names of the bench's namespaces, in order, from a number on. */
export function benchNames(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `bench-${String(index + from).padStart(5, '0')}`);
}
