import type { AttemptStep } from './attempt.ts';

/** Further steps are merged into the last one: a rollout that flips between states must not fill the history. */
const MAX_STEPS = 24;

/** Splits an attempt into its steps: each lasts until the next one begins. */
export interface AttemptClock {
  /** Starts a step; if the current one is of the same kind, it continues with the new text. */
  begin(kind: string, text: string): void;
  /** The steps so far; the last one ends now. */
  steps(): AttemptStep[];
}

/** `startedAt` and the clock are in milliseconds since the epoch; `before`: the steps so far of an attempt that continues. */
export function startAttemptClock(
  startedAt: number,
  now: () => number,
  before: readonly AttemptStep[] = [],
): AttemptClock {
  const begun: { kind: string; text: string; at: number }[] = before.map(({ kind, text, at }) => ({
    kind,
    text,
    at,
  }));
  return {
    begin(kind, text) {
      const last = begun.at(-1);
      if (last && (last.kind === kind || begun.length >= MAX_STEPS)) {
        Object.assign(last, { kind, text: text || last.text });
      } else {
        begun.push({ kind, text, at: Math.max(0, now() - startedAt) });
      }
    },
    steps() {
      const end = Math.max(0, now() - startedAt);
      return begun.map((step, index) => ({ ...step, ms: (begun[index + 1]?.at ?? end) - step.at }));
    },
  };
}
