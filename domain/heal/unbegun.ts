/** An Application of a namespace that got a deployment id for which FDD has not created an ApplicationStatus. */
export interface Unbegun {
  readonly application: string;
  readonly deploymentId: string;
  /** When the id was written, in milliseconds since the epoch. */
  readonly since: number;
  /** How many Applications of the namespace wait like this. */
  readonly count: number;
}
