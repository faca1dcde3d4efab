/** The progress of a namespace's latest request, in words for people; stored in its record. */
export const PHASES = [
  'queued',
  'held',
  'planning',
  'applying',
  'bootstrapping',
  'waiting for FDD',
  'rolling out',
  'collecting the bootstrap log',
  'backoff',
  'done',
] as const;
export type Phase = (typeof PHASES)[number];

/** The phases in which a run holds the namespace. */
export type RunPhase = Exclude<Phase, 'queued' | 'held' | 'backoff' | 'done'>;
