/** An invalid request: the problem, and the field that has it. */
export class BadRequestError extends Error {
  readonly field: string;
  readonly values: readonly string[];

  constructor(field: string, message: string, values: readonly string[] = []) {
    super(message);
    this.name = 'BadRequestError';
    this.field = field;
    this.values = values;
  }
}
