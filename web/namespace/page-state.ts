import type { NamespaceDetails, NamespaceObjects } from '../../domain/explain/namespace-details.ts';

/** What the page is rendered from, on the server and in the browser alike. */
export interface NamespacePageState {
  readonly details: NamespaceDetails;
  /** Undefined where they could not be read in time: the browser asks for them. */
  readonly objects: NamespaceObjects | undefined;
  /** Where the shared worker is that follows the fleet. */
  readonly feedWorker: string;
}
