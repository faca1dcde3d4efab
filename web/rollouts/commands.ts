import { isOpen } from '../../domain/rollout/rollout.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { namespaces, number } from '../fleet/words.ts';

export const ROLLOUT_COMMANDS = [
  'pause',
  'approve',
  'rollback',
  'retry',
  'resume',
  'skip',
  'cancel',
] as const;
export type RolloutCommand = (typeof ROLLOUT_COMMANDS)[number];

/** What the commands look at. */
export type CommandedRollout = Pick<
  RolloutView,
  'id' | 'state' | 'counts' | 'strategy' | 'waves' | 'trigger' | 'releases' | 'approvedWave'
>;

export const COMMAND_WORDS: Readonly<
  Record<RolloutCommand, { readonly button: string; readonly title: string; readonly isDanger?: boolean }>
> = {
  pause: { button: 'Pause', title: 'Pause this rollout' },
  resume: { button: 'Resume', title: 'Resume this rollout' },
  approve: { button: 'Approve', title: 'Approve the next wave' },
  retry: { button: 'Retry failed', title: 'Retry the failed targets' },
  skip: { button: 'Skip targets', title: 'Skip targets' },
  rollback: { button: 'Roll back', title: 'Roll this rollout back', isDanger: true },
  cancel: { button: 'Cancel rollout', title: 'Cancel this rollout', isDanger: true },
};

/** The commands that the state allows, in the order of the buttons. */
export function fittingCommands(rollout: CommandedRollout): RolloutCommand[] {
  return ROLLOUT_COMMANDS.filter((command) => FITS[command](rollout));
}

const FITS: Readonly<Record<RolloutCommand, (rollout: CommandedRollout) => boolean>> = {
  pause: ({ state }) => state === 'pending' || state === 'running',
  resume: ({ state }) => state === 'paused',
  approve: (rollout) => waveToApprove(rollout) !== undefined,
  retry: ({ state, counts }) => counts.failed > 0 && state !== 'cancelled' && state !== 'superseded',
  skip: ({ state }) => isOpen(state),
  rollback: (rollout) => writtenCount(rollout) > 0,
  cancel: ({ state }) => isOpen(state),
};

/** The command that is easiest to find; undefined after a failure: which one is right depends on its cause. */
export function primaryCommand({ state, counts }: CommandedRollout): RolloutCommand | undefined {
  if (state === 'pending' || state === 'running') return 'pause';
  return state === 'paused' && counts.failed === 0 ? 'resume' : undefined;
}

/** Counted from 0; undefined if no wave waits for an approval. */
function waveToApprove({ waves = [] }: CommandedRollout): number | undefined {
  const index = waves.findIndex(({ phase }) => phase === 'approval');
  return index < 0 ? undefined : index;
}

/** The namespaces in which the release may have been written. */
function writtenCount({ waves, counts }: CommandedRollout): number {
  if (waves?.every(({ admitted }) => admitted !== undefined) && waves.length > 0)
    return waves.reduce((sum, { admitted = 0 }) => sum + admitted, 0);
  return counts.completed + counts.failed + counts.running;
}

/** What a command will do, line by line, before it is given. `named`: the namespaces that are chosen. */
export function describeCommand(
  command: RolloutCommand,
  rollout: CommandedRollout,
  named: readonly string[] = [],
): string[] {
  return DESCRIPTIONS[command](rollout, named).filter((line) => line !== '');
}

type Describe = (rollout: CommandedRollout, named: readonly string[]) => string[];

const DESCRIPTIONS: Readonly<Record<RolloutCommand, Describe>> = {
  pause: ({ counts: { pending, running } }) => [
    `Nothing new is written. ${begun(running)}`,
    pending === 0
      ? ''
      : `${namespaces(pending)} ${be(pending, 'waits', 'wait')} until the rollout is resumed.`,
  ],
  resume: ({ counts: { pending, failed } }) => [
    `The rollout continues where it stopped: ${namespaces(pending)} ${be(pending, 'waits', 'wait')}.`,
    failed === 0
      ? ''
      : `${be(failed, 'The failed target no longer counts', `The ${number(failed)} failed targets no longer count`)} against the failure budget, and ${be(failed, 'is', 'are')} not retried.`,
  ],
  approve: (rollout) => {
    const index = waveToApprove(rollout) ?? 0;
    const { waves = [] } = rollout;
    return [`Wave ${index + 1} of ${waves.length} begins: ${namespaces(waves[index]?.size ?? 0)}.`];
  },
  retry: ({ counts: { failed }, state }, named) => [
    `${chosen(named, failed)} ${be(named.length || failed, 'is', 'are')} deployed again, with the same release.`,
    named.length > 0 ? '' : 'Namespaces for which another release was requested later are left out.',
    state === 'running' ? '' : 'The rollout is in progress again, and continues with what waits.',
  ],
  skip: (_rollout, named) => [
    named.length === 0
      ? 'The namespaces that you name get nothing from this rollout, and no longer count as failed.'
      : `${chosen(named, 0)} ${be(named.length, 'gets', 'get')} nothing from this rollout, and no longer ${be(named.length, 'counts', 'count')} as failed.`,
    'A deploy that has begun ends as usual.',
    'Release checks pass them over until this rollout has ended. To keep the release away after that, hold them.',
  ],
  rollback: (rollout, named) => {
    const count = named.length || writtenCount(rollout);
    return [
      `A new rollout returns ${chosen(named, count)} to the release that was verified there before.`,
      `${be(count, 'It is held there: no', 'They are held: no')} release is rolled out ${be(count, '', 'there ')}automatically until ${be(count, 'the', 'each')} hold is released.`,
      isOpen(rollout.state) ? 'This rollout is cancelled: what it has not reached gets nothing from it.' : '',
      isOpen(rollout.state) ? ignored(rollout) : '',
    ];
  },
  cancel: (rollout) => {
    const { pending, running } = rollout.counts;
    return [
      pending === 0
        ? 'No targets wait.'
        : `${namespaces(pending)} that ${be(pending, 'has not begun gets', 'have not begun get')} nothing from this rollout.`,
      begun(running),
      ignored(rollout),
    ];
  },
};

/** What a release check does after the end. */
function ignored({ trigger, releases }: CommandedRollout): string {
  if (trigger !== 'release') return '';
  const [version = 'VERSION'] = releases.map((release) => release.version);
  return `${versionsOf(releases)} is not rolled out automatically again until you end that (skipper ignore --end ${version}).`;
}

function be(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}

/** The name of one namespace, or how many they are. */
function chosen(named: readonly string[], count: number): string {
  const [only, ...others] = named;
  return only !== undefined && others.length === 0 ? only : namespaces(named.length || count);
}

function begun(running: number): string {
  if (running === 0) return 'No deploy is in progress.';
  return `${namespaces(running)} that ${be(running, 'has begun ends', 'have begun end')} as usual.`;
}

function versionsOf(releases: CommandedRollout['releases']): string {
  return [...new Set(releases.map(({ version }) => version))].join(', ') || 'The release';
}
