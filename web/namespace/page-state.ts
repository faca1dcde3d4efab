import type { NamespaceDetails, NamespaceObjects } from '../../domain/explain/namespace-details.ts';

/** What the page is rendered from, both on the server and in the browser. */
export interface NamespacePageState {
  readonly details: NamespaceDetails;
  /** Undefined if they could not be read in time: the browser then requests them. */
  readonly objects: NamespaceObjects | undefined;
  /** URL of the shared worker that follows the fleet. */
  readonly feedWorker: string;
  readonly environmentLabel?: string | undefined;
}
