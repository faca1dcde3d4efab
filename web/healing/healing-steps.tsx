import type { ReadonlySignal } from '@preact/signals';
import type { NamespaceHealing } from '../../domain/heal/healing.ts';
import { describeMeans } from '../../domain/heal/ladder.ts';
import { Link } from '../ui/link.tsx';
import { Ago } from '../ui/moment.tsx';

type Step = NamespaceHealing['steps'][number];

interface HealingStepsProps {
  readonly steps: NamespaceHealing['steps'];
  readonly now: ReadonlySignal<number>;
}

/** What healing did, oldest first. */
export function HealingSteps({ steps, now }: HealingStepsProps) {
  return (
    <ol class="heal-steps">
      {steps.map((step) => (
        <li key={`${step.at} ${step.means}`}>
          <Ago at={step.at} now={now} />: {describeMeans(step.means, step.rule)}, for <code>{step.rule}</code>
          {endOf(step)}
          {step.rolloutId === undefined ? null : (
            <>
              {' '}
              <Link href={`/rollouts/${step.rolloutId}`}>Show the rollout</Link>
            </>
          )}
        </li>
      ))}
    </ol>
  );
}

function endOf({ endedAt, result }: Step): string {
  if (result !== undefined) return `: ${result.replace(/\.$/, '')}.`;
  return endedAt === undefined ? ': under way.' : '.';
}
