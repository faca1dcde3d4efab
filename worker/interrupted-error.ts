const MESSAGES = {
  moved: 'a newer request came before the deployment was written',
  held: 'the rollout was paused or cancelled before the deployment was written',
} as const;

/** A run has to stop before it has written its deployment: there is a newer request, or its rollout is paused or cancelled. */
export class InterruptedError extends Error {
  constructor(why: keyof typeof MESSAGES) {
    super(MESSAGES[why]);
    this.name = 'InterruptedError';
  }
}
