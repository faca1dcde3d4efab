import { isWellAgain, QUARANTINE_ENDS } from '../../domain/heal/describe-healing.ts';
import type { HealingEntry } from '../../domain/heal/healing-view.ts';
import { Link } from '../ui/link.tsx';
import { Since } from '../ui/moment.tsx';
import { HEAL_BUTTONS, type HealCommand } from './heal-command-words.ts';
import { HealingBadge } from './healing-badge.tsx';
import { HealingSteps } from './healing-steps.tsx';
import type { HealingStore } from './healing-store.ts';
import { WhatHealingDoes } from './what-healing-does.tsx';
import { HEALING_HUES } from './words.ts';

interface EntryProps {
  readonly store: HealingStore;
  readonly entry: HealingEntry;
}

interface EntryPanelProps extends EntryProps {
  readonly ask: (command: HealCommand) => void;
}

/** One namespace that is not well. */
export function HealingEntryPanel({ store, entry, ask }: EntryPanelProps) {
  const { namespace, state, findings, steps, since, wellSince, quarantine } = entry;
  const { now } = store;
  return (
    <li class={`panel rollout-entry ${HEALING_HUES[state]}`}>
      <div class="rollout-entry-head">
        <HealingBadge healing={entry} />
        <h3>
          <Link href={`/status/${namespace}`}>{namespace}</Link>
        </h3>
        <span class="muted small rollout-times">
          {isWellAgain(entry) ? 'well' : 'not well'} for{' '}
          <Since at={isWellAgain(entry) ? (wellSince ?? since) : since} now={now} />
        </span>
      </div>
      {findings.length === 0 ? null : <Findings findings={findings} />}
      <p class="rollout-asked">
        <WhatHealingDoes healing={entry} now={now} />
      </p>
      {quarantine === undefined ? null : (
        <p class="small">
          In quarantine for <Since at={quarantine.since} now={now} />, because of{' '}
          <code>{quarantine.rule}</code>
          {quarantine.reason === entry.reason ? null : `: ${quarantine.reason}`}.{' '}
          <span class="muted">{QUARANTINE_ENDS}</span>
        </p>
      )}
      {steps.length === 0 ? null : (
        <details class="entry-steps">
          <summary>{steps.length === 1 ? '1 step was taken' : `${steps.length} steps were taken`}</summary>
          <HealingSteps steps={steps} now={now} />
        </details>
      )}
      {quarantine === undefined ? null : (
        <p class="needs-script entry-action">
          <button
            type="button"
            class="button"
            onClick={() => ask({ kind: 'release', namespaces: [namespace] })}
          >
            {HEAL_BUTTONS.release}…
          </button>
        </p>
      )}
    </li>
  );
}

/** All rules that hold; the evidence of the one that is repaired first. */
function Findings({ findings }: Pick<HealingEntry, 'findings'>) {
  const [first, ...others] = findings;
  return (
    <p class="rollout-asked">
      <code>{first?.rule}</code>: {first?.evidence}
      {first?.by === undefined ? null : ` (caused by the field manager ${first.by})`}
      {others.length === 0 ? null : (
        <span class="muted">; also {others.map(({ rule }) => rule).join(', ')}</span>
      )}
    </p>
  );
}
