/** What can be done to the holds of a namespace; the last part of the URL. */
export type HoldCommand = 'hold' | 'pin' | 'release';

export interface HoldBody {
  readonly reason: string;
  /** Only for a pin; undefined is the version that was verified there last. */
  readonly version?: string | undefined;
}
