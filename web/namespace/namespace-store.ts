import { type Signal, signal } from '@preact/signals';
import type { Connection } from '../../client/fleet-news.ts';
import type { NamespaceDetails, NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import type { NamespaceLogs } from '../../domain/explain/namespace-logs.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import type { Hold } from '../../domain/rollout/hold.ts';
import type { NamespacePageState } from './page-state.ts';

/** What the page shows. On the server it never changes. */
export interface NamespaceStore {
  readonly details: Signal<NamespaceDetails>;
  /** What stops deploys in the whole fleet, and why data can be out of date. */
  readonly notices: Signal<Pick<FleetSummary, 'notices' | 'stale'>>;
  /** Undefined if nothing holds it. As of the page's rendering, or of a command from it. */
  readonly hold: Signal<Hold | undefined>;
  readonly objects: Signal<NamespaceObjects | undefined>;
  /** Why the objects could not be read again; empty if they could. */
  readonly objectsProblem: Signal<string>;
  /** Undefined until somebody has asked for them. */
  readonly logs: Signal<NamespaceLogs | undefined>;
  /** Why the logs could not be read; empty if they could. */
  readonly logsProblem: Signal<string>;
  /** Whether the API shows logs and objects with the token of this tab. */
  readonly token: Signal<'enough' | 'missing' | 'wrong'>;
  readonly connection: Signal<Connection>;
  /** The namespace is no longer in the fleet. */
  readonly isGone: Signal<boolean>;
  /** The server's clock, in milliseconds since the epoch. */
  readonly now: Signal<number>;
  readonly environmentLabel: string | undefined;
}

export function createNamespaceStore({
  details,
  objects,
  hold,
  environmentLabel,
}: NamespacePageState): NamespaceStore {
  return {
    details: signal(details),
    notices: signal(details),
    hold: signal<Hold | undefined>(hold),
    objects: signal(objects),
    objectsProblem: signal(''),
    logs: signal<NamespaceLogs | undefined>(undefined),
    logsProblem: signal(''),
    token: signal<'enough' | 'missing' | 'wrong'>(details.isWithheld ? 'missing' : 'enough'),
    connection: signal<Connection>({ state: 'connecting' }),
    isGone: signal(false),
    now: signal(details.now),
    environmentLabel,
  };
}
