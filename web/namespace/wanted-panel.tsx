import type { DiffLine, NamespaceObjects } from '../../domain/explain/namespace-details.ts';
import { Ago } from '../ui/moment.tsx';
import { ScrollBox } from './log-block.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { Section } from './section.tsx';
import { Withheld } from './token-panel.tsx';

const SIGNS: Readonly<Record<DiffLine['kind'], string>> = { same: ' ', added: '+', removed: '-' };

/** What a deploy would do now, and how the Application differs from the wanted one. */
export function WantedPanel({ store }: { store: NamespaceStore }) {
  const objects = store.objects.value;
  return (
    <Section
      id="wanted"
      title="Wanted and actual"
      aside={objects ? <Ago at={objects.readAt} now={store.now} /> : undefined}
    >
      {objects ? <Wanted objects={objects} /> : <NotRead store={store} />}
    </Section>
  );
}

function Wanted({ objects: { plan, diff } }: { objects: NamespaceObjects }) {
  return (
    <>
      <p>
        {plan.action === undefined ? (
          <>Cannot plan a deploy: {plan.reason}</>
        ) : (
          <>
            A deploy now would: <strong>{plan.action}</strong> ({plan.reason})
            {plan.version === undefined ? '' : `, version ${plan.version}`}
          </>
        )}
      </p>
      {plan.steps.length === 0 ? null : (
        <ol class="plan-steps">
          {plan.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
      {diff.problem === undefined ? (
        <Diff hunks={diff.hunks} isEqual={diff.isEqual} />
      ) : (
        <p class="none">{diff.problem}</p>
      )}
    </>
  );
}

function Diff({ hunks, isEqual }: { hunks: readonly (readonly DiffLine[])[]; isEqual: boolean }) {
  if (isEqual) return <p class="none">Every field that Skipper writes matches the wanted Application.</p>;
  return (
    <ScrollBox label="Application: actual (-) and wanted (+)">
      {hunks.map((lines, hunk) => (
        <span class="hunk" key={String(hunk)}>
          {lines.map((line, index) => (
            <span class={`diff-line ${line.kind}`} key={`${index} ${line.text}`}>
              {`${SIGNS[line.kind]} ${line.text}\n`}
            </span>
          ))}
        </span>
      ))}
    </ScrollBox>
  );
}

export function NotRead({ store }: { store: NamespaceStore }) {
  const problem = store.objectsProblem.value;
  if (store.token.value !== 'enough') return <Withheld />;
  if (problem !== '') return <p class="none">Cannot be read: {problem}</p>;
  return <p class="none">Reading took too long. Reload the page.</p>;
}
