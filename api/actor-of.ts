import type { Actor } from '../domain/audit/actor.ts';
import type { Call } from './route.ts';
import { triggerOf } from './trigger-of.ts';

/** Who makes a request, for the audit log: a caller is known by its address. */
export function actorOf({ caller, headers }: Pick<Call<unknown>, 'caller' | 'headers'>): Actor {
  return { by: caller, trigger: triggerOf(headers), from: caller };
}
