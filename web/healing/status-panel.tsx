import { recoveringIn } from '../../domain/heal/describe-healing.ts';
import type { HealingStatus } from '../../domain/heal/healing.ts';
import { namespaces } from '../fleet/words.ts';
import { Fact } from '../ui/fact.tsx';
import { HealthIcon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { Ago, Since } from '../ui/moment.tsx';
import { duration } from '../ui/relative-time.ts';
import { describeStatus } from './describe-status.ts';
import { HEAL_BUTTONS, type HealCommand } from './heal-command-words.ts';
import { hrefOf } from './healing-filters.ts';
import type { HealingStore } from './healing-store.ts';

interface StatusPanelProps {
  readonly store: HealingStore;
  readonly ask: (command: HealCommand) => void;
}

/** The mode, the latest pass, the stop valve and the cap. */
export function StatusPanel({ store, ask }: StatusPanelProps) {
  const { status } = store.list.value;
  const { hue, headline, lines } = describeStatus(status, store.now.value);
  return (
    <section class={`panel why ${hue}`} aria-label="What healing does now">
      <p class="why-headline" aria-live="polite">
        <HealthIcon health={hue} />
        <strong>{headline}</strong>
      </p>
      {lines.map((line) => (
        <p key={line} class="situation-now">
          {line}
        </p>
      ))}
      {status === null || status.mode === 'off' ? null : <Facts store={store} status={status} />}
      {status === null || status.mode === 'off' ? null : <Valve status={status} ask={ask} />}
    </section>
  );
}

function Valve({ status, ask }: Pick<StatusPanelProps, 'ask'> & { status: HealingStatus }) {
  const kind = status.stopped === undefined ? 'stop' : 'resume';
  return (
    <button type="button" class="button needs-script" onClick={() => ask({ kind })}>
      {HEAL_BUTTONS[kind]}…
    </button>
  );
}

function Facts({ store, status }: { store: HealingStore; status: HealingStatus }) {
  const { now } = store;
  const { mode, checkedAt, intervalSeconds, sick, fleet, cap, stopped, isDeafKnown } = status;
  const recovering = recoveringIn(status);
  const quarantined = store.list.value.states.quarantined ?? 0;
  return (
    <dl class="facts heal-facts">
      <Fact name="Mode">{mode}</Fact>
      <Fact name="Latest pass">
        <Ago at={checkedAt} now={now} />, one every {duration(intervalSeconds * 1_000)}
      </Fact>
      <Fact name="Not well">
        {sick} of {namespaces(fleet)}
        {recovering > 0 ? `, ${recovering} recovering or well again` : null}
      </Fact>
      <Fact name="In quarantine">
        {quarantined === 0 ? 'none' : <Link href={hrefOf({ state: 'quarantined' })}>{quarantined}</Link>}
      </Fact>
      <Fact name="Healed within an hour">
        {cap.used} of at most {cap.limit}
      </Fact>
      {isDeafKnown ? null : <Fact name="Rule deaf">unknown: its watches are off or not up to date</Fact>}
      {stopped === undefined ? null : (
        <Fact name="Stopped for">
          <Since at={stopped.at} now={now} />
        </Fact>
      )}
    </dl>
  );
}
