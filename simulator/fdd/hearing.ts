import type { Fault, Misbehaviour, Whereabouts } from './misbehaviour.ts';

/** Whether a program notices changes of Applications. */
export interface Hearing {
  isDeaf(): boolean;
  end(): void;
}

/** A program that was deaf once stays so: it has lost its watch. */
export function openHearing(misbehaviour: Misbehaviour, where: Whereabouts): Hearing {
  const find = (): Extract<Fault, { kind: 'deaf' }> | undefined => misbehaviour.find('deaf', where);
  const atStart = find();
  let isDeaf = atStart !== undefined && atStart.untilRestart !== true;
  const end = misbehaviour.onChange(() => {
    const fault = find();
    isDeaf ||= fault !== undefined && fault !== atStart;
  });
  return { isDeaf: () => isDeaf, end };
}
