import type { AttemptStep } from './attempt.ts';

/** More parts than these are told in the last one: a rollout that goes back and forth must not fill the history. */
const MAX_STEPS = 24;

/** Splits an attempt into its steps: each lasts until the next one begins. */
export interface AttemptClock {
  /** Begins a step; one of the kind that lasts already goes on, with the newer text. */
  begin(kind: string, text: string): void;
  /** The steps so far; the last one lasts until now. */
  steps(): AttemptStep[];
}

/** `startedAt` and the clock are in milliseconds since the epoch. */
export function startAttemptClock(startedAt: number, now: () => number): AttemptClock {
  const begun: { kind: string; text: string; at: number }[] = [];
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
