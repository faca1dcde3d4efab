import type { NamespaceDetails, NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import type { Hold } from '../../domain/rollout/hold.ts';

/** What the page is rendered from, both on the server and in the browser. */
export interface NamespacePageState {
  readonly details: NamespaceDetails;
  /** Undefined if they could not be read in time: the browser then requests them. */
  readonly objects: NamespaceObjects | undefined;
  /** What keeps it from getting releases automatically; undefined if nothing does. */
  readonly hold?: Hold | undefined;
  /** URL of the shared worker that follows the fleet. */
  readonly feedWorker: string;
  readonly environmentLabel?: string | undefined;
}
