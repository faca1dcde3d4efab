import { type ApiCalls, openApiCalls } from '../../client/call-api.ts';
import {
  RolloutCommandView,
  RolloutList,
  type RolloutList as Rollouts,
  RolloutView,
} from '../../domain/rollout/rollout-view.ts';
import { serverUrl } from '../server-url.ts';
import { readToken } from '../ui/token-store.ts';
import type { RolloutCommand } from './commands.ts';
import { formatFilters, ROLLOUTS_SHOWN, type RolloutFilters } from './rollout-filters.ts';
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
  const query = new URLSearchParams({ limit: String(PAGE_SIZE), offset: String((page - 1) * PAGE_SIZE) });
  if (state !== '') query.set('state', state);
  return calls().get(`${pathOf(id)}?${query}`, RolloutView);
}

export async function readFailed(id: string): Promise<RolloutView['targets']> {
  const query = new URLSearchParams({ state: 'failed', limit: String(MOST_FAILED) });
  return (await calls().get(`${pathOf(id)}?${query}`, RolloutView)).targets;
}

export function readRollouts(filters: RolloutFilters): Promise<Rollouts> {
  return calls().get(`/api/rollouts${formatFilters(filters, { limit: ROLLOUTS_SHOWN })}`, RolloutList);
}

export async function sendCommand(id: string, request: CommandRequest): Promise<CommandAnswer> {
  const { command, reason, namespaces, to } = request;
  const json = {
    reason,
    ...(namespaces.length === 0 ? {} : { namespaces }),
    ...(to === '' ? {} : { to }),
  };
  const path = `${pathOf(id)}/${command}`;
  if (command !== 'rollback') {
    const { message } = await calls().post(path, { json, schema: RolloutCommandView });
    return { message };
  }
  const rollout = await calls().post(path, { json, schema: RolloutView });
  return { message: 'The rollback was accepted: it is a rollout of its own.', rolloutId: rollout.id };
}

function pathOf(id: string): string {
  return `/api/rollouts/${encodeURIComponent(id)}`;
}

/** With the token of this tab, which can be entered at any time. */
function calls(): ApiCalls {
  return openApiCalls({
    server: serverUrl(),
    token: readToken() || undefined,
    // The page prompts for the token: without this header, the browser would, too.
    headers: { 'x-requested-with': 'skipper' },
  });
}
