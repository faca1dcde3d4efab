import type { HealingState } from '../../domain/heal/healing.ts';
import type { Style } from '../text/paint.ts';

export const HEALING_STYLES: Readonly<Record<HealingState, Style | undefined>> = {
  quarantined: 'red',
  stopped: 'yellow',
  healing: 'cyan',
  waiting: 'yellow',
  reported: 'yellow',
  'left-alone': 'yellow',
  recovering: 'cyan',
  watching: undefined,
};
