import { messageOf } from '../../domain/errors.ts';
import type { HealthRules } from '../../domain/heal/healing-view.ts';
import { unknownRules, viewRules } from '../../domain/heal/view-rules.ts';
import type { RouteServices } from '../route.ts';

/** The health rules of a namespace, as the latest pass of healing has stored them. Never rejects. */
export async function readHealthRules(
  state: Pick<RouteServices['state'], 'healingOf' | 'healingStatus'>,
  namespace: string,
): Promise<HealthRules> {
  try {
    const [status, healing] = await Promise.all([state.healingStatus(), state.healingOf(namespace)]);
    return viewRules({ status, healing }, Date.now());
  } catch (error) {
    return unknownRules(messageOf(error));
  }
}
