import * as z from 'zod';
import { type DeployWindow, parseSpan } from '../deploy-window.ts';
import { keysOf } from '../keys-of.ts';
import { describeFileProblem, type FileProblem, parseYamlFile } from '../parse-yaml-file.ts';
import type { Schedule } from './closure.ts';
import { Freeze, toPeriod } from './freeze.ts';
import {
  isByPeople,
  REQUEST_TRIGGERS,
  type RequestTrigger,
  type Trigger,
  URGENT_NAMESPACES,
} from './rollout.ts';
import { Strategy } from './strategy.ts';
import { TriggerPolicy } from './trigger-policy.ts';

/** Enough to find a mistake: no calendar needs more. */
const MAX_FREEZES = 1_000;

/** One strategy for each trigger; the defaults count for those that are left out. */
export const RolloutPolicy = z.strictObject(
  {
    ...(Object.fromEntries(REQUEST_TRIGGERS.map((trigger) => [trigger, TriggerPolicy.optional()])) as Record<
      RequestTrigger,
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

export type PolicyResult =
  | { readonly ok: true; readonly policy: RolloutPolicy }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/** Reads a policy file. An empty file is a policy: the defaults. */
export function parseRolloutPolicy(text: string): PolicyResult {
  const triggers = `triggers are ${keysOf(DEFAULTS).join(', ')}`;
  const parsed = parseYamlFile(text, RolloutPolicy, ({ length }) => (length === 0 ? triggers : undefined));
  return parsed.ok ? { ok: true, policy: parsed.content } : parsed;
}

/** For the log and for answers of the API. */
export function describeProblem(problem: FileProblem): string {
  return describeFileProblem(problem, 'the policy');
}

/** The strategy of a request for a number of namespaces that has none of its own. */
export function strategyFor(policy: RolloutPolicy, trigger: Trigger, total: number): Strategy {
  const known = knownTrigger(trigger);
  const own = policy[known];
  if (own?.type === undefined) return DEFAULTS[known](total);
  const { windows: _windows, timeZone: _zone, followBackwards: _backwards, ...strategy } = own;
  return strategy;
}

/**
 * When rollouts of a trigger can admit targets. Those that no person requests have the windows of releases, unless they have
 * their own; freezes that name no trigger are for them.
 */
export function scheduleFor(policy: RolloutPolicy, trigger: Trigger): Schedule {
  const known = knownTrigger(trigger);
  const rules = isByPeople(known) || policy[known]?.windows ? policy[known] : policy.release;
  const freezes = policy.freezes
    ?.filter(({ triggers }) => triggers?.includes(known) ?? !isByPeople(known))
    .map(toPeriod);
  return { windows: rules && windowsOf(rules), freezes };
}

/** True if a rollout waits for the windows of its namespaces: those of people do if the policy has windows for them. */
export function waitsForNamespaces(policy: RolloutPolicy, trigger: Trigger): boolean {
  const known = knownTrigger(trigger);
  return !isByPeople(known) || policy[known]?.windows !== undefined;
}

/** A rollout that nobody is known to have requested keeps to the rules of those that no person requests. */
function knownTrigger(trigger: Trigger): RequestTrigger {
  return trigger === 'unknown' ? 'release' : trigger;
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

const DEFAULTS: Readonly<Record<RequestTrigger, (total: number) => Strategy>> = {
  api: byPeople,
  release: byRelease,
  retry: byPeople,
  heal: byHealing,
  cli: byPeople,
  board: byPeople,
  webhook: byRelease,
};
