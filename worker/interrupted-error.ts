/** A newer request has come before the run has written its deployment: the newer one begins instead. */
export class InterruptedError extends Error {
  constructor() {
    super('a newer request came before the deployment was written');
    this.name = 'InterruptedError';
  }
}
