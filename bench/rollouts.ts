import { until } from './until.ts';
import type { Product, RolloutAnswer } from './world.ts';

/** From the request of a deploy of everything until so many are verified. */
export async function secondsToVerify(
  product: Product,
  expected: number,
): Promise<{ seconds: number; id: string }> {
  const began = Date.now();
  const id = await product.request();
  await until(async () => ((await product.rollout(id)).counts.completed ?? 0) >= expected);
  const { targets } = await product.rollout(id);
  const ends = targets.flatMap(({ state, finishedAt }) => (state === 'completed' ? (finishedAt ?? []) : []));
  return { seconds: (Math.max(...ends) - began) / 1000, id };
}

export function allBegan({ targets }: RolloutAnswer): boolean {
  return targets.every(({ startedAt }) => startedAt !== undefined);
}

/** When the last of the targets began. */
export function lastBegan({ targets }: RolloutAnswer): number {
  return Math.max(...targets.map(({ startedAt }) => startedAt ?? Number.NaN));
}

export function ended(product: Product, id: string): Promise<void> {
  return until(async () => !['pending', 'running'].includes((await product.rollout(id)).state));
}
