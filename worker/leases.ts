import type { Logger } from 'pino';
import { messageOf, SkipperError } from '../domain/errors.ts';
import { LEASE_MS } from '../shared/lease-ms.ts';
import type { Runs } from '../shared/state/runs.ts';
import { InterruptedError } from './interrupted-error.ts';

/** Also the time after which a run stops for a newer request. */
const RENEW_EVERY_MS = 800;

/** A run's permission to write to its namespace. */
export interface Lease {
  /** Aborted when the lease is lost. */
  readonly signal: AbortSignal;
  /** Aborted within about a second, with an InterruptedError, if the namespace has a newer request, or its rollout is paused or cancelled. */
  readonly interrupted: AbortSignal;
  /** Throws `superseded_worker` unless the lease is certainly still held. */
  readonly assertOurs: () => void;
  readonly end: () => void;
}

export interface Leases {
  /** Keeps renewing a lease that was just taken with `token`. */
  hold(namespace: string, token: string, taken: TakenLease): Lease;
  stop(): void;
}

export interface TakenLease {
  /** Of its request. */
  readonly generation: number;
  /** When Redis was asked for it: the answer can be late, and it expires one lease period after that. */
  readonly askedAt: number;
}

interface Held {
  readonly namespace: string;
  readonly generation: number;
  readonly abort: AbortController;
  readonly interrupt: AbortController;
  renewedAt: number;
}

/** Renews all leases of a worker together, in one command. */
export function keepLeases(runs: Pick<Runs, 'renew'>, log: Logger): Leases {
  /** By token: two jobs of one namespace can be here at the same time, one of which finds it busy. */
  const held = new Map<string, Held>();

  async function renew(): Promise<void> {
    if (held.size === 0) return;
    const renewing = [...held].map(([token, { namespace, generation }]) => ({
      namespace,
      token,
      generation,
    }));
    const at = Date.now();
    const renewal = await runs.renew(renewing, LEASE_MS);
    const lost = new Set(renewal.lost);
    for (const token of renewal.moved) held.get(token)?.interrupt.abort(new InterruptedError('moved'));
    for (const token of renewal.held) held.get(token)?.interrupt.abort(new InterruptedError('held'));
    for (const { namespace, token } of renewing) {
      const lease = held.get(token);
      if (lost.has(token)) lease?.abort.abort(lostError(namespace));
      else if (lease) lease.renewedAt = at;
    }
  }

  const timer = setInterval(() => {
    renew().catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'leases could not be renewed'));
  }, RENEW_EVERY_MS);

  return {
    hold(namespace, token, { generation, askedAt }) {
      const abort = new AbortController();
      const interrupt = new AbortController();
      const lease: Held = { namespace, generation, abort, interrupt, renewedAt: askedAt };
      held.set(token, lease);
      return {
        signal: abort.signal,
        interrupted: interrupt.signal,
        // A process that was suspended for a while must not write because of an old renewal.
        assertOurs: () => {
          if (lease.abort.signal.aborted || Date.now() - lease.renewedAt > LEASE_MS)
            throw lostError(namespace);
        },
        end: () => {
          held.delete(token);
        },
      };
    },
    stop: () => clearInterval(timer),
  };
}

function lostError(namespace: string): SkipperError {
  return new SkipperError('superseded_worker', `this worker no longer holds the lease of ${namespace}`);
}
