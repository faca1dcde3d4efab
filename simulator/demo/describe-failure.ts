import type { RolloutView } from '../../domain/rollout/rollout-view.ts';

type Target = RolloutView['targets'][number];

/** `[2026-11-23 05:40:11,123|  ERROR] message [logger|thread]`, FDD's own format. */
const FDD_ERROR = /\|\s*ERROR\] (.*) \[[^[\]]*\]$/;
const IS_CAUSE = /Failed|Back-?[oO]ff|Crash|Err|terminated|exit code/;

/** Why a namespace failed, on one line: Skipper's reason and, where that leaves it open, the cause among the details. */
export function describeFailure({ reason, details = [] }: Pick<Target, 'reason' | 'details'>): string {
  const cause = causeOf(details);
  return oneLine(cause === undefined || reason.includes(cause) ? reason : `${reason}: ${cause}`);
}

function causeOf(details: readonly string[]): string | undefined {
  for (const line of details) {
    const [, message] = FDD_ERROR.exec(line) ?? [];
    if (message !== undefined) return message;
  }
  return details.find((line) => IS_CAUSE.test(line));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
