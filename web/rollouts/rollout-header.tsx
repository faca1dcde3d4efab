import type { ComponentChildren } from 'preact';
import { describeDuration } from '../../domain/rollout/describe-duration.ts';
import { isOpen } from '../../domain/rollout/rollout.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { requestedBy } from '../fleet/words.ts';
import { Fact } from '../ui/fact.tsx';
import { firstUpper } from '../ui/first-upper.ts';
import { Link } from '../ui/link.tsx';
import { Ago } from '../ui/moment.tsx';
import { duration } from '../ui/relative-time.ts';
import type { RolloutStore } from './rollout-store.ts';
import { versionsOf } from './rollouts-page.tsx';
import { StateBadge } from './state-badge.tsx';

/** What is rolled out, its state, and who asked for it. */
export function RolloutHeader({ store, children }: { store: RolloutStore; children?: ComponentChildren }) {
  const rollout = store.rollout.value;
  return (
    <header>
      <nav class="crumbs" aria-label="Where you are">
        <Link href="/rollouts">Rollouts</Link> <span aria-hidden="true">/</span>{' '}
        <span class="muted">{rollout.id}</span>
      </nav>
      <div class="namespace-title">
        <h1>{versionsOf(rollout)}</h1>
        <StateBadge state={rollout.state} />
        <div class="namespace-actions needs-script">{children}</div>
      </div>
      <Facts store={store} rollout={rollout} />
    </header>
  );
}

function Facts({ store, rollout }: { store: RolloutStore; rollout: RolloutView }) {
  const { trigger, requestedBy: who, reason, createdAt, endedAt, state, rollsBack, releases } = rollout;
  const channels = [...new Set(releases.map(({ channel }) => channel))].filter(Boolean).join(', ');
  return (
    <dl class="facts">
      <Fact name="Begun by">{firstUpper(requestedBy(trigger, who))}</Fact>
      {reason ? <Fact name="Because">{reason}</Fact> : null}
      {channels === '' ? null : <Fact name="Channel">{channels}</Fact>}
      {rollsBack === undefined ? null : (
        <Fact name="Takes back">
          <Link class="mono" href={`/rollouts/${rollsBack}`}>
            {rollsBack}
          </Link>
        </Fact>
      )}
      <Fact name="Started">
        <Ago at={createdAt} now={store.now} />
      </Fact>
      {endedAt === undefined || isOpen(state) ? (
        <Eta store={store} rollout={rollout} />
      ) : (
        <Fact name="Took">{duration(endedAt - createdAt)}</Fact>
      )}
      <Fact name="Strategy">{strategyWords(rollout)}</Fact>
    </dl>
  );
}

/** Half of all rollouts end before the first time, nine of ten before the second. */
function Eta({ store, rollout: { eta, state } }: { store: RolloutStore; rollout: RolloutView }) {
  if (eta === undefined || state === 'paused') return null;
  const now = store.now.value;
  return (
    <Fact name="Expected to end">
      in about {duration(eta.p50 - now)}, most likely within {duration(eta.p90 - now)}
    </Fact>
  );
}

/** The strategy in one line. */
export function strategyWords({
  trigger,
  strategy,
  newerRelease,
}: Pick<RolloutView, 'strategy' | 'newerRelease' | 'trigger'>) {
  if (trigger === 'unknown') return 'Not known';
  if (strategy === undefined || strategy.type === 'All') return 'All at once';
  return [
    `${strategy.waves.length} waves`,
    `at most ${strategy.maxConcurrency} at a time`,
    strategy.minSuccessMs > 0 ? `each must stay verified for ${describeDuration(strategy.minSuccessMs)}` : '',
    `at most ${strategy.maxFailures} can fail`,
    strategy.approval ? 'each wave after the first needs an approval' : '',
    newerRelease === undefined ? '' : NEWER_WORDS[newerRelease],
  ]
    .filter((part) => part !== '')
    .join(', ');
}

const NEWER_WORDS = {
  replace: 'a newer release replaces it',
  finish: 'a newer release waits until it ends',
  ask: 'a newer release pauses it',
} as const;
