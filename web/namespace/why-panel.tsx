import { HealthIcon, Icon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import type { NamespaceStore } from './namespace-store.ts';

interface WhyPanelProps {
  readonly store: NamespaceStore;
  readonly onBootstrap: () => void;
}

/** The explanation, shown before all evidence. */
export function WhyPanel({ store, onBootstrap }: WhyPanelProps) {
  const { why, holds = [] } = store.details.value;
  return (
    <section class={`panel why ${why.health}`} aria-labelledby="why">
      <h2 id="why" class="why-headline">
        <HealthIcon health={why.health} />
        <span>{why.headline}</span>
      </h2>
      {why.because.length === 0 ? null : (
        <ul class="because">
          {why.because.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {holds.length === 0 ? null : (
        <>
          <h3>What holds it, in order</h3>
          <ol class="remedy">
            {holds.map(({ kind, text, rolloutId }) => (
              <li key={`${kind} ${text}`}>
                {text}
                {rolloutId === undefined ? null : (
                  <>
                    {' '}
                    <Link href={`/rollouts/${rolloutId}`}>Show the rollout</Link>
                  </>
                )}
              </li>
            ))}
          </ol>
        </>
      )}
      {why.remedy.length === 0 ? null : (
        <>
          <h3>What to do</h3>
          <ol class="remedy">
            {why.remedy.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ol>
        </>
      )}
      {why.offer === 'bootstrap' ? (
        <button type="button" class="button needs-script" onClick={onBootstrap}>
          <Icon name="deploy" />
          Bootstrap again…
        </button>
      ) : null}
      {why.code === undefined ? null : <p class="why-code muted">Error code: {why.code}</p>}
    </section>
  );
}
