import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import { messageOf } from '../../domain/errors.ts';
import type { HealthRules } from '../../domain/heal/healing-view.ts';
import { unknownRules, viewRules } from '../../domain/heal/view-rules.ts';
import type { RouteServices } from '../route.ts';

/** The health rules of a namespace, as the latest pass of healing has stored them. Never rejects. */
export async function readHealthRules(
  state: Pick<RouteServices['state'], 'healingOf' | 'healingStatus' | 'record'>,
  snapshot: NamespaceSnapshot,
): Promise<HealthRules> {
  try {
    const { namespace } = snapshot;
    const [status, healing] = await Promise.all([state.healingStatus(), state.healingOf(namespace)]);
    // Not before the pass: a request that ended since then was under way.
    const record = await state.record(namespace);
    return viewRules({ status, healing, snapshot, record }, Date.now());
  } catch (error) {
    return unknownRules(messageOf(error));
  }
}
