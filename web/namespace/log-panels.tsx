import type { FddReport } from '../../domain/explain/namespace-details.ts';
import { Ago } from '../ui/moment.tsx';
import { LogBlock } from './log-block.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { Section } from './section.tsx';

/** What FDD itself says: of the deployment that stands, and of the ones before. */
export function FddLogPanel({ store }: { store: NamespaceStore }) {
  const { report } = store.details.value;
  const all = store.objects.value?.reports ?? [];
  const current = all.find((each) => each.deploymentId === report?.deploymentId);
  const earlier = all.filter((each) => each !== current);
  // The watch knows the result at once; the whole log comes with the objects.
  const shown = report === undefined ? undefined : { ...report, logs: current?.logs ?? report.logs };
  return (
    <Section
      id="fdd-log"
      title="FDD’s log"
      aside={shown === undefined ? undefined : <Result report={shown} />}
    >
      {shown === undefined ? (
        <p class="none">FDD has reported nothing on the deployment that stands.</p>
      ) : (
        <Report report={shown} />
      )}
      {earlier.length === 0 ? null : (
        <details>
          <summary>
            {earlier.length === 1 ? '1 earlier deployment' : `${earlier.length} earlier deployments`}
          </summary>
          {earlier.map((each) => (
            <div class="earlier" key={each.name}>
              <p>
                <Result report={each} />
              </p>
              <Report report={each} />
            </div>
          ))}
        </details>
      )}
    </Section>
  );
}

function Result({ report }: { report: FddReport }) {
  return (
    <>
      {report.result} for <span class="mono">{report.deploymentId ?? 'no deployment id'}</span>
    </>
  );
}

function Report({ report }: { report: FddReport }) {
  if (report.logs.length === 0) return <p class="none">FDD has left no log lines.</p>;
  return (
    <LogBlock label={`FDD’s log of ${report.deploymentId ?? report.name}`} text={report.logs.join('\n')} />
  );
}

/** The last bootstrap pod's end, events and log, kept after the pod is gone. */
export function BootstrapPanel({ store }: { store: NamespaceStore }) {
  const { bootstrap } = store.details.value;
  if (!bootstrap) return null;
  const { exitCode, reason, events, log, collectedAt } = bootstrap;
  return (
    <Section id="bootstrap" title="Bootstrap pod" aside={<Ago at={collectedAt} now={store.now} />}>
      <p class={exitCode === 0 ? 'healthy' : 'degraded'}>
        <strong class="end-word">{exitCode === undefined ? 'Had not ended' : `Exit code ${exitCode}`}</strong>
        {reason === undefined ? '' : ` (${reason})`}
        <span class="muted">
          {' '}
          for <span class="mono">{bootstrap.deploymentId}</span>
        </span>
      </p>
      {events.length === 0 ? null : <LogBlock label="Events of the bootstrap pod" text={events.join('\n')} />}
      {log === '' ? (
        <p class="none">Its log is empty.</p>
      ) : (
        <LogBlock label="Log of the bootstrap pod" text={log} />
      )}
    </Section>
  );
}
