import type { FddReport } from '../../domain/explain/namespace-details.ts';
import { Ago } from '../ui/moment.tsx';
import { LogBlock } from './log-block.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { Section } from './section.tsx';
import { Withheld } from './token-panel.tsx';

/** FDD's own reports: on the current deployment, and on earlier ones. */
export function FddReportPanel({ store }: { store: NamespaceStore }) {
  const { report, isWithheld } = store.details.value;
  const all = store.objects.value?.reports ?? [];
  const current = all.find((each) => each.deploymentId === report?.deploymentId);
  const earlier = all.filter((each) => each !== current);
  // The watch has the result first; the whole log comes with the objects.
  const shown = report === undefined ? undefined : { ...report, logs: current?.logs ?? report.logs };
  return (
    <Section
      id="fdd-report"
      title="FDD’s report on the deployment"
      aside={shown === undefined ? undefined : <Result report={shown} />}
    >
      {shown === undefined ? (
        <p class="none">FDD has not reported on the current deployment.</p>
      ) : (
        <Report report={shown} isWithheld={isWithheld} />
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

function Report({ report, isWithheld }: { report: FddReport; isWithheld?: boolean | undefined }) {
  if (isWithheld && report.logs.length === 0) return <Withheld />;
  if (report.logs.length === 0) return <p class="none">FDD reported no log lines.</p>;
  return (
    <LogBlock label={`FDD’s report on ${report.deploymentId ?? report.name}`} text={report.logs.join('\n')} />
  );
}

/** The last bootstrap pod's exit code, events and log, kept after the pod is deleted. */
export function BootstrapPanel({ store }: { store: NamespaceStore }) {
  const { bootstrap, isWithheld } = store.details.value;
  if (!bootstrap) return null;
  const { exitCode, reason, events, log, collectedAt } = bootstrap;
  return (
    <Section id="bootstrap" title="Last bootstrap pod’s log" aside={<Ago at={collectedAt} now={store.now} />}>
      <p class={exitCode === 0 ? 'healthy' : 'degraded'}>
        <strong class="end-word">
          {exitCode === undefined ? 'Had not exited' : `Exit code ${exitCode}`}
        </strong>
        {reason === undefined ? '' : ` (${reason})`}
        <span class="muted">
          {' '}
          for <span class="mono">{bootstrap.deploymentId}</span>
        </span>
      </p>
      {events.length === 0 ? null : <LogBlock label="Events of the bootstrap pod" text={events.join('\n')} />}
      {isWithheld ? (
        <Withheld />
      ) : log === '' ? (
        <p class="none">The log is empty.</p>
      ) : (
        <LogBlock label="Log of the bootstrap pod" text={log} />
      )}
    </Section>
  );
}
