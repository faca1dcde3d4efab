import type { ReadonlySignal } from '@preact/signals';
import type { Attempt } from '../../domain/rollout/attempt.ts';
import { HealthIcon } from '../ui/icon.tsx';
import { Ago } from '../ui/moment.tsx';
import { LogBlock } from './log-block.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { Section } from './section.tsx';
import { StepsBar } from './steps-bar.tsx';
import { endOf, requesterOf, seriesOf, stepName, took } from './words.ts';

/** The attempts in this namespace, latest first. */
export function Timeline({ store }: { store: NamespaceStore }) {
  const { attempts, historyProblem, row } = store.details.value;
  return (
    <Section
      id="timeline"
      title="Timeline of attempts"
      aside={attempts.length > 0 ? 'latest first' : undefined}
    >
      {historyProblem === undefined ? null : <p class="none">Cannot read the history: {historyProblem}</p>}
      {attempts.length === 0 && historyProblem === undefined ? (
        <p class="none">No attempts in the last 30 days.</p>
      ) : null}
      <ol class="timeline">
        {attempts.map((attempt, index) => (
          <TimelineEntry
            key={`${attempt.startedAt} ${attempt.generation} ${attempt.attempt}`}
            attempt={attempt}
            isLatest={index === 0}
            phase={attempt.end === undefined ? [row.activity, row.detail].filter(Boolean).join(': ') : ''}
            now={store.now}
          />
        ))}
      </ol>
    </Section>
  );
}

interface EntryProps {
  readonly attempt: Attempt;
  readonly isLatest: boolean;
  /** What it is doing now; empty for one that has ended. */
  readonly phase: string;
  readonly now: ReadonlySignal<number>;
}

function TimelineEntry({ attempt, isLatest, phase, now }: EntryProps) {
  const { word, health } = endOf(attempt);
  return (
    <li class={`attempt ${health}`}>
      <HealthIcon health={health} />
      <div class="attempt-body">
        <p class="attempt-head">
          <strong>{attempt.attempt === 0 ? word : `Attempt ${attempt.attempt}: ${word}`}</strong>
          {attempt.code === undefined ? null : <code class="chip">{attempt.code}</code>}
          <span class="attempt-time muted numbers">
            <Duration attempt={attempt} now={now} />, <Ago at={attempt.startedAt} now={now} />
          </span>
        </p>
        <p class="muted">
          {[attempt.version, requesterOf(attempt), `rollout ${attempt.rolloutId}`]
            .filter(Boolean)
            .join(' · ')}
        </p>
        {attempt.times > 1 ? (
          <p>
            {attempt.times} identical attempts, the first <Ago at={attempt.firstStartedAt} now={now} />
          </p>
        ) : null}
        {phase === '' ? null : <p class="attempt-phase">{phase}</p>}
        {isShownByPlan(attempt) ? null : <p class="attempt-reason">{attempt.reason}</p>}
        {attempt.retryDelayMs === undefined ? null : (
          <p class="muted">The next attempt was delayed by {took(attempt.retryDelayMs)}.</p>
        )}
        {attempt.steps.length === 0 ? null : <StepsBar steps={attempt.steps} />}
        <Steps attempt={attempt} isOpen={isLatest} />
        {attempt.details.length === 0 ? null : (
          <details>
            <summary>
              {attempt.details.length === 1 ? '1 line' : `${attempt.details.length} lines`} of evidence
            </summary>
            <LogBlock label={`Evidence of attempt ${attempt.attempt}`} text={attempt.details.join('\n')} />
          </details>
        )}
      </div>
    </li>
  );
}

/** The reason of a successful deploy is the plan's, which is listed among its steps. */
function isShownByPlan({ reason, steps }: Attempt): boolean {
  return reason === '' || steps.some((step) => step.kind === 'plan' && step.text.endsWith(reason));
}

/** Of a running attempt it grows with the clock. */
function Duration({ attempt, now }: { attempt: Attempt; now: ReadonlySignal<number> }) {
  const end = attempt.endedAt ?? now.value;
  return <>{took(end - attempt.startedAt)}</>;
}

function Steps({ attempt, isOpen }: { attempt: Attempt; isOpen: boolean }) {
  const { steps } = attempt;
  if (steps.length === 0) return null;
  return (
    <details open={isOpen}>
      <summary>{steps.length === 1 ? '1 step' : `${steps.length} steps`}</summary>
      <ol class="steps">
        {steps.map((step) => (
          <li key={`${step.at} ${step.kind}`}>
            <svg class="swatch" viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
              <rect class={seriesOf(step.kind)} width="8" height="8" rx="2" />
            </svg>
            <span class="step-name">{stepName(step)}</span>
            <span class="step-time numbers muted">{took(step.ms)}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
