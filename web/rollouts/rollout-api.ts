import type { RolloutList, RolloutView } from '../../domain/rollout/rollout-view.ts';
import { browserClient } from '../browser-client.ts';
import { readToken } from '../ui/token-store.ts';
import type { RolloutCommand } from './commands.ts';
import { type RolloutFilters, toRequest } from './rollout-filters.ts';
import { PAGE_SIZE, type TargetSelection } from './target-selection.ts';

/** Failed targets that the page groups by cause; more are counted only. */
export const MOST_FAILED = 1_000;

export interface CommandRequest {
  readonly command: RolloutCommand;
  readonly reason: string;
  /** Empty: all that the command fits. */
  readonly namespaces: readonly string[];
  /** Of a rollback: the version to return to; empty for the one that was there before. */
  readonly to: string;
}

export interface CommandAnswer {
  readonly message: string;
  /** The new rollout of a rollback. */
  readonly rolloutId?: string;
}

/** One rollout with one page of its targets. */
export function readRollout(id: string, { state, page }: TargetSelection): Promise<RolloutView> {
  const targets = { limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE, state: state || undefined };
  return browserClient(readToken()).rollout(id, targets);
}

export async function readFailed(id: string): Promise<RolloutView['targets']> {
  const { targets } = await browserClient(readToken()).rollout(id, { state: 'failed', limit: MOST_FAILED });
  return targets;
}

export function readRollouts(filters: RolloutFilters): Promise<RolloutList> {
  return browserClient(readToken()).rollouts(toRequest(filters));
}

export async function sendCommand(id: string, request: CommandRequest): Promise<CommandAnswer> {
  const { command, reason } = request;
  const client = browserClient(readToken());
  const body = { reason, ...(request.namespaces.length === 0 ? {} : { namespaces: request.namespaces }) };
  if (command !== 'rollback') {
    const { message } = await client.commandRollout(id, command, body);
    return { message };
  }
  const to = request.to === '' ? {} : { to: request.to };
  const rollout = await client.rollBack(id, { ...body, ...to });
  return { message: 'The rollback was accepted: it is a rollout of its own.', rolloutId: rollout.id };
}
