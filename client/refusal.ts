import { parseJson } from '../domain/parse-json.ts';
import { Problem } from '../domain/problem.ts';
import { ApiError } from './api-error.ts';

const TRY_AGAIN = new Set([429, 502, 503, 504]);

export interface RefusedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Uses the text of RFC 9457 problems; any other response did not come from Skipper. */
export function refusal(server: string, answer: RefusedAnswer): ApiError {
  const { status, contentType, retryAfter, text } = answer;
  const shared = {
    status,
    isPassing: TRY_AGAIN.has(status),
    retryAfterMs: /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : undefined,
  };
  const problem = contentType.includes('application/problem+json') ? parseProblem(text) : undefined;
  if (problem === undefined) {
    const message = `${server} answered ${status}, but it is not Skipper's API`;
    return new ApiError(message, { ...shared, kind: 'foreign' });
  }
  return new ApiError(problem.detail, { ...shared, kind: 'refused', details: fieldErrors(problem) });
}

/** The parts that people read; a proxy in front of Skipper can leave out the others. */
const ReadableProblem = Problem.pick({ detail: true, errors: true });
type ReadableProblem = Pick<Problem, 'detail' | 'errors'>;

function parseProblem(text: string): ReadableProblem | undefined {
  return ReadableProblem.safeParse(parseJson(text)).data;
}

/** Leaves out field errors that the detail already contains. */
function fieldErrors({ detail, errors = [] }: ReadableProblem): string[] {
  return errors
    .filter(({ message }) => !detail.includes(message))
    .map(({ field, message }) => `${field}: ${message}`);
}
