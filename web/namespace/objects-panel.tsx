import type { ShownObject } from '../../domain/explain/namespace-details.ts';
import { LogBlock } from './log-block.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { ReadAside } from './read-aside.tsx';
import { Section } from './section.tsx';
import { NotRead } from './wanted-panel.tsx';

/** The objects as the API server has them; one that cannot be read is shown with the reason. */
export function ObjectsPanel({ store, readAgain }: { store: NamespaceStore; readAgain: () => void }) {
  const objects = store.objects.value;
  return (
    <Section
      id="objects"
      title="Objects"
      aside={<ReadAside store={store} readAt={objects?.readAt} label="Refresh" onClick={readAgain} />}
    >
      {objects ? (
        objects.objects.map((object) => <ObjectBlock key={`${object.kind} ${object.name}`} object={object} />)
      ) : (
        <NotRead store={store} />
      )}
      {objects && store.objectsProblem.value !== '' ? <NotRead store={store} /> : null}
    </Section>
  );
}

function ObjectBlock({ object: { kind, name, yaml, problem } }: { object: ShownObject }) {
  if (problem !== undefined) {
    return (
      <p class="object-missing">
        <strong>{kind}</strong> <span class="mono">{name}</span>: <span class="muted">{problem}</span>
      </p>
    );
  }
  return (
    <details class="object">
      <summary>
        <strong>{kind}</strong> <span class="mono">{name}</span>
      </summary>
      <LogBlock label={`${kind} ${name}`} text={yaml.trimEnd()} />
    </details>
  );
}
