import { parse } from 'yaml';
import type * as z from 'zod';
import { messageOf } from '../../domain/errors.ts';
import { Strategy } from '../../domain/rollout/strategy.ts';
import { CliError, EXIT } from '../exit-code.ts';
import { oneLine } from '../text/lines.ts';

const WORDS: Readonly<Record<string, z.input<typeof Strategy>>> = {
  all: { type: 'All' },
  progressive: { type: 'Progressive' },
};
const HINT =
  'use all, progressive, or a strategy such as "{type: Progressive, canary: 2, waves: [10%, 100%]}"';

/** A word, or the YAML or JSON of a strategy. What it leaves out gets the defaults of the API. */
export function parseStrategy(text: string): z.input<typeof Strategy> {
  const given = WORDS[text.trim().toLowerCase()] ?? readYaml(text);
  const { error } = Strategy.safeParse(given);
  if (error === undefined) return given as z.input<typeof Strategy>;
  throw refused(error.issues.map(describeIssue));
}

/** `waves[1] must be …` */
function describeIssue({ path, message }: z.core.$ZodIssue): string {
  const field = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  return `${field} ${message}`.trim();
}

function readYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw refused([`is not valid YAML: ${messageOf(error)}`]);
  }
}

function refused([first = 'is not valid', ...others]: readonly string[]): CliError {
  return new CliError(EXIT.refused, oneLine(`--strategy: ${first}`), [...others.map(oneLine), HINT]);
}
