import { stringify } from 'yaml';
import type { DemoNamespace } from './plan-fleet.ts';

/** Long enough to be seen, short enough to be watched. */
const SOAK = '5s';

/**
 * The rollout policy of the demo. `--once` deploys everything at once. Otherwise releases go in waves, as they do by default,
 * but soak for a few seconds. Namespaces that misbehave from the start do not stop them: a canary is one that works. The
 * demo publishes the same versions again and again: that is followed.
 */
export function demoPolicy(fleet: readonly DemoNamespace[], once: boolean): string {
  if (once) return stringify(Object.fromEntries(REQUESTS.map((trigger) => [trigger, { type: 'All' }])));
  const faulty = fleet.filter(({ fault }) => fault !== undefined).length;
  const maxFailures = faulty === 0 ? '2%' : faulty;
  const waves = { type: 'Progressive', minSuccessTime: SOAK, maxFailures };
  const canary = fleet.find(({ fault }) => fault === undefined)?.name;
  const chosen = faulty === 0 || canary === undefined ? {} : { canary: { names: [canary] } };
  const release = { ...waves, ...chosen, followBackwards: true };
  return stringify({ release, api: { ...waves, canary: 0 }, cli: { ...waves, canary: 0 } });
}

const REQUESTS = ['api', 'cli', 'board'] as const;
