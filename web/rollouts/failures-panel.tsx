import type { FailureGroup } from '../../domain/rollout/rollout-status.ts';
import { namespaces, number } from '../fleet/words.ts';
import { Section } from '../namespace/section.tsx';
import { HealthIcon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { MOST_FAILED } from './rollout-api.ts';
import type { RolloutStore } from './rollout-store.ts';
import { formatTargetSelection } from './target-selection.ts';

/** Of one cause; the others are in the table. */
const NAMED = 30;

/** What failed, grouped by cause, most frequent first. */
export function FailuresPanel({ store }: { store: RolloutStore }) {
  const groups = store.failures.value;
  const { counts, id } = store.rollout.value;
  if (groups.length === 0) return null;
  return (
    <Section
      id="failures"
      title="Failures by cause"
      aside={
        <Link href={`/rollouts/${id}${formatTargetSelection({ state: 'failed', page: 1 })}#targets`}>
          {number(counts.failed)} failed
        </Link>
      }
    >
      {counts.failed > MOST_FAILED ? <p class="muted">The first {number(MOST_FAILED)} are grouped.</p> : null}
      <ul class="lines failures">
        {groups.map((group) => (
          <FailureLine key={group.cause} group={group} />
        ))}
      </ul>
    </Section>
  );
}

function FailureLine({ group: { cause, namespaces: names } }: { group: FailureGroup }) {
  const rest = names.length - NAMED;
  return (
    <li>
      <HealthIcon health="degraded" />
      <div class="line-text">
        <p>
          <strong>{namespaces(names.length)}</strong>: <span class="failure-cause">{cause}</span>
        </p>
        <p class="failed-names">
          {names.slice(0, NAMED).map((name) => (
            <Link key={name} href={`/status/${name}`}>
              {name}
            </Link>
          ))}
          {rest > 0 ? <span class="muted">and {number(rest)} more</span> : null}
        </p>
      </div>
    </li>
  );
}
