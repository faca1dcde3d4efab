import type { RolloutAnnotations } from '../cluster/rollout-annotations.ts';
import { retryTime } from '../deploy/reason-to-update.ts';
import { heldBy } from '../deploy/what-holds.ts';
import type { Closure } from '../rollout/closure.ts';
import type { Hold } from '../rollout/hold.ts';
import type { NamespaceRecord } from '../rollout/namespace-record.ts';
import type { Situation } from '../rollout/situation.ts';
import { WAIT_KINDS, type Wait } from '../rollout/wait.ts';
import { whatHoldsBack } from '../rollout/what-holds-back.ts';
import { utcTime } from '../utc-time.ts';

export interface WaitsInput {
  readonly namespace: string;
  /** The version that its channel has; empty if unknown. */
  readonly version: string;
  /** It does not run that version. */
  readonly isBehind: boolean;
  readonly annotations: RolloutAnnotations | undefined;
  readonly hold: Hold | undefined;
  readonly ignored: Hold | undefined;
  /** Freezes, and the windows of the policy and of the namespace, that are closed for it now. */
  readonly closures: readonly Closure[];
  /** The rollouts that hold a target back here, with the reason of their state. */
  readonly rollouts: readonly { readonly situation: Situation; readonly stateReason: string }[];
  readonly record: NamespaceRecord | undefined;
  /** Requests per second that all workers share; left out if they are not limited now. */
  readonly scarceRequests?: number | undefined;
}

/** Everything that holds a namespace now, in order; nothing if nothing does. */
export function listWaits(input: WaitsInput): Wait[] {
  const { namespace, version, annotations, hold, rollouts } = input;
  const isWaiting = input.isBehind || rollouts.length > 0;
  const waits = [
    ...heldBy(version, annotations, hold),
    ...(isWaiting ? [...ignoredWait(input), ...input.closures.map(toWait)] : []),
    ...rollouts.flatMap(({ situation, stateReason }) => whatHoldsBack(situation, namespace, stateReason)),
    ...runWaits(input),
  ];
  return waits.sort((a, b) => WAIT_KINDS.indexOf(a.kind) - WAIT_KINDS.indexOf(b.kind));
}

function ignoredWait({ ignored, version }: WaitsInput): Wait[] {
  if (!ignored) return [];
  const { reason, by } = ignored;
  return [{ kind: 'ignored', text: `release ${version} is ignored: ${reason} (${by})` }];
}

function toWait({ kind, reason, until }: Closure): Wait {
  return { kind, text: reason, until };
}

/** What holds the run of its latest request. */
function runWaits(input: WaitsInput): Wait[] {
  const { record, scarceRequests } = input;
  if (!record) return [];
  const { phase, reason, retryAt, attempt } = record;
  if (record.generation <= record.handled) return laterRetry(input, record);
  if (phase === 'held') return [{ kind: 'paused', text: reason }];
  if (phase === 'queued' && reason !== '') return [{ kind: 'in-flight', text: reason }];
  if (phase === 'backoff' && retryAt !== undefined) {
    const text = `attempt ${attempt} failed: the next one begins at ${utcTime(retryAt)}`;
    return [{ kind: 'backoff', text, until: retryAt }];
  }
  const isSending = phase === 'planning' || phase === 'applying';
  if (!isSending || scarceRequests === undefined) return [];
  const rate = Math.round(scarceRequests * 10) / 10;
  const text = `all workers share ${rate} requests per second to the API server (--kube-api-qps), and all are in use`;
  return [{ kind: 'api-budget', text }];
}

/** The release check retries a release that failed here. */
function laterRetry({ isBehind }: WaitsInput, record: NamespaceRecord): Wait[] {
  if (record.lastState !== 'failed' || !isBehind) return [];
  const until = retryTime(record);
  const text = `its release failed here: the release check does not retry it before ${utcTime(until)}`;
  return [{ kind: 'backoff', text, until }];
}
