import { InvalidArgumentError } from 'commander';

/** So many are filled in, and deployed, on one machine in minutes. Above 1,000 their FDDs have no pods. */
export const MAX_NAMESPACES = 10_000;

export function number(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`);
  };
}

export function wholeNumber(min: number, max: number, what = '') {
  return (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      `Give a whole number from ${min} to ${max}${what === '' ? '' : ` ${what}`}.`,
    );
  };
}
