import type { ChannelSummary, RolloutProgress } from '../../domain/fleet/fleet-summary.ts';
import { describeAutoUpdate } from '../../domain/fleet/release-check-schedule.ts';
import { HealthIcon, Icon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { Ago } from '../ui/moment.tsx';
import { duration } from '../ui/relative-time.ts';
import { StackedBar } from '../ui/stacked-bar.tsx';
import type { FleetStore } from './fleet-store.ts';
import { isCurrent, progressOf, shownRollouts } from './rollout-progress.ts';
import { NONE, withoutFilters } from './selection.ts';
import { SelectionLink } from './selection-link.tsx';
import { shareVersions } from './version-shares.ts';
import { namespaces, number, percent, requestedBy } from './words.ts';

/** Versions, channels and rollouts: what the fleet runs, what it should run, and how it gets there. */
export function SummaryPanels({ store }: { store: FleetStore }) {
  return (
    <div class="panels">
      <Versions store={store} />
      <Channels store={store} />
      <Rollouts store={store} />
    </div>
  );
}

function Versions({ store }: { store: FleetStore }) {
  const summary = store.summary.value;
  const selection = store.selection.value;
  const shares = shareVersions(summary.versions);
  const parts = shares.map(({ version, count }, index) => ({
    key: version ?? 'others',
    count,
    className: `fill series-${index + 1}`,
  }));
  const inWords = shares.map(({ label, count }) => `${label}: ${count}`).join(', ');
  return (
    <section class="panel summary-panel" aria-labelledby="versions-title">
      <h2 id="versions-title">Versions</h2>
      {shares.length === 0 ? <p class="muted">Nothing runs yet.</p> : null}
      {shares.length > 0 ? <StackedBar parts={parts} total={summary.namespaces} label={inWords} /> : null}
      <ul class="legend">
        {shares.map(({ version, label, count }, index) => (
          <li key={label}>
            <svg class="swatch" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
              <rect class={`fill series-${index + 1}`} width="10" height="10" rx="2.500" />
            </svg>
            {version === undefined ? (
              <span class="legend-name">{label}</span>
            ) : (
              <SelectionLink
                store={store}
                class="legend-name mono"
                title="Show these namespaces"
                isCurrent={selection.version === (version || NONE)}
                to={{
                  ...withoutFilters(selection),
                  version: selection.version === (version || NONE) ? '' : version || NONE,
                }}
              >
                {label}
              </SelectionLink>
            )}
            <span class="numbers">{number(count)}</span>
            <span class="muted numbers share">{percent(count, summary.namespaces)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Channels({ store }: { store: FleetStore }) {
  const { channels, releaseCheck } = store.summary.value;
  return (
    <section class="panel summary-panel" aria-labelledby="channels-title">
      <h2 id="channels-title">Channels</h2>
      {channels.length === 0 ? <p class="muted">No namespaces follow a channel.</p> : null}
      <ul class="channels">
        {channels.map((channel) => (
          <Channel key={channel.channel} store={store} channel={channel} />
        ))}
      </ul>
      <p class="muted small">
        {describeAutoUpdate(releaseCheck)}
        {releaseCheck === undefined ? null : (
          <>
            {', next check '}
            <NextCheck at={releaseCheck.nextAt} now={store.now} />
          </>
        )}
      </p>
    </section>
  );
}

function NextCheck({ at, now }: { at: number; now: FleetStore['now'] }) {
  const left = at - now.value;
  return left >= 0 ? <>in {duration(left)}</> : <>overdue for {duration(-left)}</>;
}

function Channel({ store, channel }: { store: FleetStore; channel: ChannelSummary }) {
  const selection = store.selection.value;
  const isChosen = selection.channel === channel.channel;
  return (
    <li>
      <div class="channel-line">
        <SelectionLink
          store={store}
          class="channel-name"
          title={`Show namespaces that follow ${channel.channel}`}
          isCurrent={isChosen}
          to={{ ...withoutFilters(selection), channel: isChosen ? '' : channel.channel }}
        >
          {channel.channel}
        </SelectionLink>
        <span
          class="mono channel-version"
          title={channel.updated ? `published ${channel.updated}` : undefined}
        >
          {channel.version || 'unknown'}
        </span>
      </div>
      <div class="muted small">
        {namespaces(channel.namespaces)}
        {' · '}
        {channel.checkedAt === undefined ? 'never read' : 'checked '}
        {channel.checkedAt === undefined ? null : <Ago at={channel.checkedAt} now={store.now} />}
      </div>
      {channel.problem === undefined ? null : (
        <div class="channel-problem degraded small" title={channel.problem}>
          <HealthIcon health="degraded" />
          <span>{channel.problem}</span>
        </div>
      )}
    </li>
  );
}

function Rollouts({ store }: { store: FleetStore }) {
  const rollouts = shownRollouts(store.summary.value.rollouts);
  return (
    <section class="panel summary-panel" aria-labelledby="rollouts-title">
      <h2 id="rollouts-title">{rollouts.some(isCurrent) ? 'Rollouts in progress' : 'Latest rollout'}</h2>
      {rollouts.length === 0 ? <p class="muted">No recent rollouts.</p> : null}
      <ul class="rollouts">
        {rollouts.map((rollout) => (
          <RolloutLine key={rollout.id} store={store} rollout={rollout} />
        ))}
      </ul>
      <p class="small all-rollouts">
        <Link href="/rollouts">All rollouts</Link>
      </p>
    </section>
  );
}

function RolloutLine({ store, rollout }: { store: FleetStore; rollout: RolloutProgress }) {
  const selection = store.selection.value;
  const progress = progressOf(rollout.counts);
  const isChosen = selection.rollout === rollout.id;
  return (
    <li>
      <div class="rollout-line">
        <SelectionLink
          store={store}
          class="rollout-name"
          title="Show its namespaces"
          isCurrent={isChosen}
          to={{ ...withoutFilters(selection), rollout: isChosen ? '' : rollout.id }}
        >
          {rollout.versions.length === 0 ? rollout.id : rollout.versions.join(', ')}
        </SelectionLink>
        <Link class="muted" href={`/rollouts/${rollout.id}`} title="Show this rollout">
          <Icon name="link" />
          <span class="visually-hidden">Show rollout {rollout.id}</span>
        </Link>
        <span class="muted small rollout-who">
          {requestedBy(rollout.trigger, rollout.requestedBy)} <Ago at={rollout.createdAt} now={store.now} />
        </span>
      </div>
      <StackedBar parts={progress.parts} total={progress.total} label={progress.inWords} />
      <div class="muted small numbers rollout-words">
        <span>{progress.inWords}</span>
        {rollout.etaAt === undefined || !isCurrent(rollout) ? null : (
          <span class="eta">about {duration(rollout.etaAt - store.now.value)} left</span>
        )}
      </div>
      {rollout.stateReason === undefined ? null : (
        <p class="rollout-paused outdated small">
          <Link href={`/rollouts/${rollout.id}`}>Paused</Link>: {rollout.stateReason}
        </p>
      )}
    </li>
  );
}
