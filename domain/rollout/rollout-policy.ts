import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { type DeployWindow, parseSpan } from '../deploy-window.ts';
import { keysOf } from '../keys-of.ts';
import type { Schedule } from './closure.ts';
import { Freeze, toPeriod } from './freeze.ts';
import { isByPeople, TRIGGERS, type Trigger, URGENT_NAMESPACES } from './rollout.ts';
import { Strategy } from './strategy.ts';
import { TriggerPolicy } from './trigger-policy.ts';

/** Enough to find a mistake: no calendar needs more. */
const MAX_FREEZES = 1_000;

/** One strategy for each trigger; the defaults count for those that are left out. */
export const RolloutPolicy = z.strictObject(
  {
    ...(Object.fromEntries(TRIGGERS.map((trigger) => [trigger, TriggerPolicy.optional()])) as Record<
      Trigger,
      z.ZodOptional<typeof TriggerPolicy>
    >),
    freezes: z
      .array(Freeze, { error: 'must be a list of periods, each with from, to, timeZone and reason' })
      .max(MAX_FREEZES)
      .readonly()
      .optional()
      .describe('Periods without deploys'),
  },
  { error: 'must be a mapping of triggers to strategies, such as "release: {type: Progressive}"' },
);
export type RolloutPolicy = Readonly<z.infer<typeof RolloutPolicy>>;

/** What is wrong with a policy file. */
export interface PolicyProblem {
  /** Counted from 1. */
  readonly line: number;
  /** `release.waves[1]`; empty for the whole file. */
  readonly field: string;
  readonly message: string;
}

export type PolicyResult =
  | { readonly ok: true; readonly policy: RolloutPolicy }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** Reads a policy file. An empty file is a policy: the defaults. */
export function parseRolloutPolicy(text: string): PolicyResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0)
    return refused(broken.map(({ pos, message }) => syntaxProblem(lines, pos[0], message)));
  const content = read(document);
  if (!content.ok) return refused([content.problem]);
  const policy = RolloutPolicy.safeParse(content.value ?? {});
  if (policy.success) return { ok: true, policy: policy.data };
  const lineOf = (path: Path) => lines.linePos(offsetOf(document.contents, path)).line || 1;
  return refused(policy.error.issues.flatMap((issue) => describeIssue(issue, lineOf)));
}

/** For the log and for answers of the API. */
export function describeProblem({ line, field, message }: PolicyProblem): string {
  return `line ${line}: ${field === '' ? 'the policy' : field} ${message}`;
}

/** The strategy of a request for a number of namespaces that has none of its own. */
export function strategyFor(policy: RolloutPolicy, trigger: Trigger, total: number): Strategy {
  const own = policy[trigger];
  if (own?.type === undefined) return DEFAULTS[trigger](total);
  const { windows: _windows, timeZone: _zone, followBackwards: _backwards, ...strategy } = own;
  return strategy;
}

/**
 * When rollouts of a trigger can admit targets. Those that no person requests have the windows of releases, unless they have
 * their own; freezes that name no trigger are for them.
 */
export function scheduleFor(policy: RolloutPolicy, trigger: Trigger): Schedule {
  const rules = isByPeople(trigger) || policy[trigger]?.windows ? policy[trigger] : policy.release;
  const freezes = policy.freezes
    ?.filter(({ triggers }) => triggers?.includes(trigger) ?? !isByPeople(trigger))
    .map(toPeriod);
  return { windows: rules && windowsOf(rules), freezes };
}

/** True if a rollout waits for the windows of its namespaces: those of people do if the policy has windows for them. */
export function waitsForNamespaces(policy: RolloutPolicy, trigger: Trigger): boolean {
  return !isByPeople(trigger) || policy[trigger]?.windows !== undefined;
}

function windowsOf({ windows, timeZone }: TriggerPolicy): DeployWindow | undefined {
  if (windows === undefined || timeZone === undefined) return undefined;
  return { text: windows.join('; '), timeZone, spans: windows.flatMap((text) => parseSpan(text) ?? []) };
}

const byRelease = (): Strategy => Strategy.parse({ type: 'Progressive' });

/** A person has chosen the namespaces, so none of them is a canary for the others. */
const byPeople = (total: number): Strategy =>
  Strategy.parse(total <= URGENT_NAMESPACES ? { type: 'All' } : { type: 'Progressive', canary: 0 });

/** The cap of healing limits how many namespaces it changes. */
const byHealing = (): Strategy => Strategy.parse({ type: 'All' });

const DEFAULTS: Readonly<Record<Trigger, (total: number) => Strategy>> = {
  api: byPeople,
  release: byRelease,
  retry: byPeople,
  heal: byHealing,
  cli: byPeople,
  board: byPeople,
  webhook: byRelease,
};

type Path = readonly PropertyKey[];
type LineOf = (path: Path) => number;

function refused(problems: readonly PolicyProblem[]): PolicyResult {
  return { ok: false, problems: [...problems].sort((a, b) => a.line - b.line) };
}

function syntaxProblem(lines: LineCounter, offset: number, message: string): PolicyProblem {
  const [first = ''] = message.split('\n');
  return { line: lines.linePos(offset).line || 1, field: '', message: `is not valid YAML: ${first}` };
}

/** An alias without an anchor, or aliases that multiply, are found only now. */
function read(document: ReturnType<typeof parseDocument>) {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { ok: true, value } as const;
  } catch (error) {
    const message = `is not valid YAML: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, problem: { line: 1, field: '', message } } as const;
  }
}

function describeIssue(issue: z.core.$ZodIssue, lineOf: LineOf): PolicyProblem[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ line: lineOf(issue.path), field: toField(issue.path), message: describeValue(issue) }];
  }
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const known = issue.path.length === 0 ? ` triggers are ${keysOf(DEFAULTS).join(', ')}` : '';
    return {
      line: lineOf(path),
      field: toField(path),
      message: `is not a known field${known && `:${known}`}`,
    };
  });
}

function describeValue(issue: z.core.$ZodIssue): string {
  return /^(must|can)/.test(issue.message) ? issue.message : `is wrong: ${issue.message}`;
}

function toField(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** Where the key of a path is; of a key that is missing, the one around it. */
function offsetOf(node: unknown, path: Path, at = 0): number {
  const [key, ...rest] = path;
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
    return isScalar(pair?.key) ? offsetOf(pair.value, rest, pair.key.range?.[0]) : at;
  }
  if (!isSeq(node)) return at;
  const item = node.items[Number(key)];
  return isNode(item) ? offsetOf(item, rest, item.range?.[0]) : at;
}
