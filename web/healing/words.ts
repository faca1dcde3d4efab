import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { HealingState } from '../../domain/heal/healing.ts';
import type { RuleState } from '../../domain/heal/healing-view.ts';

export type Hue = FleetRow['health'];

/** The colours and signs of health, which people know from the fleet page. */
export const RULE_HUES: Readonly<Record<RuleState, Hue>> = {
  ok: 'healthy',
  holds: 'degraded',
  unknown: 'unknown',
  off: 'unmanaged',
};

export const HEALING_HUES: Readonly<Record<HealingState, Hue>> = {
  quarantined: 'degraded',
  stopped: 'outdated',
  healing: 'progressing',
  waiting: 'outdated',
  reported: 'outdated',
  'left-alone': 'outdated',
  recovering: 'progressing',
  watching: 'unmanaged',
};
