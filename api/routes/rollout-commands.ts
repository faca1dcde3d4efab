import { plural } from '../../domain/plural.ts';
import { Problem } from '../../domain/problem.ts';
import { RolloutCommandView } from '../../domain/rollout/rollout-view.ts';
import type { CommandResult, Operator } from '../../shared/rollout-commands.ts';
import { actorOf } from '../actor-of.ts';
import { type Answer, type Call, type Route, route } from '../route.ts';
import { ReasonBody, RetryBody, SkipBody } from '../schemas.ts';
import { CLIENT_HEADER } from '../trigger-of.ts';

const RESPONSES: Route['responses'] = {
  200: { description: 'Done', schema: RolloutCommandView },
  404: { description: 'The rollout does not exist', schema: Problem },
  409: {
    description: 'The command does not fit the state of the rollout, which is `state`',
    schema: Problem,
  },
};

export const pauseRoute = route<ReasonBody>({
  ...pathOf('pause'),
  summary: 'Pause a rollout: within a second nothing new is written',
  body: ReasonBody,
  handle: (call) =>
    carryOut(call, ({ commands, id, operator }) => commands.pause(id, operator), {
      done: () => 'paused: nothing new is written; what had begun is still verified',
    }),
});

export const resumeRoute = route<ReasonBody>({
  ...pathOf('resume'),
  summary: 'Resume a paused rollout; its failures until now do not count any more',
  body: ReasonBody,
  handle: (call) =>
    carryOut(call, ({ commands, id, operator }) => commands.resume(id, operator), {
      done: () => 'resumed: failures until now do not count any more',
    }),
});

export const cancelRoute = route<ReasonBody>({
  ...pathOf('cancel'),
  summary:
    'Cancel a rollout: what has not begun ends, and release checks do not roll the same release out again',
  body: ReasonBody,
  handle: (call) =>
    carryOut(call, ({ commands, id, operator }) => commands.cancel(id, operator), {
      done: ({ namespaces, left }) => `cancelled: ${count(namespaces)} ended${whatIsLeft(left)}`,
    }),
});

export const retryRoute = route<RetryBody>({
  ...pathOf('retry'),
  summary: 'Retry failed targets of a rollout with the same release',
  body: RetryBody,
  handle: (call) =>
    carryOut(call, ({ commands, id, operator }) => commands.retry(id, operator, call.body.namespaces), {
      done: ({ namespaces, left }) => `retried: ${count(namespaces)}${whatIsReplaced(left)}`,
    }),
});

export const skipRoute = route<SkipBody>({
  ...pathOf('skip'),
  summary: 'Skip targets of a rollout: they end, and do not count as failed',
  body: SkipBody,
  handle: (call) =>
    carryOut(call, ({ commands, id, operator }) => commands.skip(id, operator, call.body.namespaces), {
      done: ({ namespaces, left }) => `skipped: ${count(namespaces)}${whatIsLeft(left)}`,
    }),
});

export const approveRoute = route<ReasonBody>({
  ...pathOf('approve'),
  summary: 'Approve the next wave of a rollout whose strategy requires approvals',
  body: ReasonBody,
  handle: (call) =>
    carryOut(call, ({ commands, id, operator }) => commands.approve(id, operator), {
      done: () => 'approved: the next wave begins when the one before has ended and soaked',
    }),
});

function pathOf(command: string) {
  return {
    method: 'post' as const,
    path: `/api/rollouts/:id/${command}`,
    operationId: `${command}Rollout`,
    mutates: true,
    headers: CLIENT_HEADER,
    responses: RESPONSES,
  };
}

interface CommandCall extends Pick<Call<unknown>, 'commands'> {
  readonly id: string;
  readonly operator: Operator;
}

async function carryOut(
  { commands, params: { id = '' }, body: { reason }, ...call }: Call<{ readonly reason: string }>,
  command: (call: CommandCall) => Promise<CommandResult>,
  { done }: { readonly done: (result: CommandResult) => string },
): Promise<Answer> {
  const result = await command({ commands, id, operator: { ...actorOf(call), reason } });
  const { state, namespaces, left } = result;
  return { status: 200, body: { id, state, namespaces, left, message: done(result) } };
}

function count(namespaces: readonly string[]): string {
  return plural(namespaces.length, 'target');
}

function whatIsLeft(left: readonly string[]): string {
  if (left.length === 0) return '';
  return `; ${count(left)} ${left.length === 1 ? 'is' : 'are'} being worked on: what is written there is still verified`;
}

function whatIsReplaced(left: readonly string[]): string {
  return left.length === 0 ? '' : `; ${count(left)} left: a newer rollout was requested there`;
}
