import type { RolloutTarget, TargetState } from '../rollout/rollout.ts';
import type { RolloutEvent } from '../rollout/rollout-status.ts';

/** The line in the timeline of a rollout that was rebuilt. */
export function rebuiltEvent(state: TargetState, targets: Iterable<RolloutTarget>, at: number): RolloutEvent {
  const counts = new Map<string, number>();
  for (const target of targets) counts.set(target.state, (counts.get(target.state) ?? 0) + 1);
  const found = [...counts].map(([each, count]) => `${count} ${each}`).join(', ');
  const reason = `Redis lost its data; rebuilt from the cluster: ${found}`;
  return { at, kind: 'changed', state, by: '', reason };
}
