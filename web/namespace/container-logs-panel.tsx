import type { ContainerLog } from '../../domain/explain/namespace-logs.ts';
import { LogBlock } from './log-block.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { ReadAside } from './read-aside.tsx';
import { Section } from './section.tsx';
import { Withheld } from './token-panel.tsx';

/** The last lines of FDD's containers, what crashed first. */
export function ContainerLogsPanel({ store, read }: { store: NamespaceStore; read: () => void }) {
  const logs = store.logs.value;
  const problem = store.logsProblem.value;
  return (
    <Section
      id="container-logs"
      title="Container logs"
      aside={
        <ReadAside
          store={store}
          readAt={logs?.readAt}
          label={logs ? 'Refresh' : 'Read the logs'}
          onClick={read}
        />
      }
    >
      {problem === '' ? null : <p class="degraded">The logs could not be read: {problem}</p>}
      {logs?.logs.length === 0 ? <p class="none">FDD has no pods here.</p> : null}
      {logs ? logs.logs.map((log) => <OneLog key={titleOf(log)} log={log} />) : <NotReadYet store={store} />}
    </Section>
  );
}

function NotReadYet({ store }: { store: NamespaceStore }) {
  if (store.token.value !== 'enough') return <Withheld />;
  return (
    <p class="none">
      Also in a terminal: <code>skipper logs {store.details.value.namespace}</code>
    </p>
  );
}

function OneLog({ log }: { log: ContainerLog }) {
  const title = titleOf(log);
  return (
    <>
      <h3>{title}</h3>
      {log.problem === undefined ? null : <p class="muted">Not available: {log.problem}</p>}
      {log.problem === undefined && log.text === '' ? <p class="none">The log is empty.</p> : null}
      {log.text === '' ? null : <LogBlock label={title} text={log.text} />}
    </>
  );
}

function titleOf({ pod, container, isPrevious }: ContainerLog): string {
  return `${pod}, ${container}${isPrevious ? ' before its last restart' : ''}`;
}
