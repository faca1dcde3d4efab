import { useComputed, useSignal } from '@preact/signals';
import type { HoldCommand } from '../../client/hold-requests.ts';
import { DeployDialog, type OpenDeploy } from '../deploy/deploy-dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { NoticeLines } from '../ui/notice-lines.tsx';
import { type Toast, Toasts } from '../ui/toasts.tsx';
import { TopBar } from '../ui/top-bar.tsx';
import { ContainerLogsPanel } from './container-logs-panel.tsx';
import { DeploymentPanel } from './deployment-panel.tsx';
import { HealthRulesPanel } from './health-rules-panel.tsx';
import { HoldDialog } from './hold-dialog.tsx';
import { HoldNote } from './hold-note.tsx';
import { fittingHolds, HOLD_WORDS } from './hold-words.ts';
import { LinksPanel } from './links-panel.tsx';
import { LiveNote } from './live-note.tsx';
import { BootstrapPanel, FddReportPanel } from './log-panels.tsx';
import { NamespaceHeader } from './namespace-header.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { ObjectsPanel } from './objects-panel.tsx';
import { Timeline } from './timeline.tsx';
import { TokenPanel } from './token-panel.tsx';
import { WantedPanel } from './wanted-panel.tsx';
import { WhyPanel } from './why-panel.tsx';

interface NamespacePageProps {
  readonly store: NamespaceStore;
  readonly readAgain?: () => void;
  readonly readLogs?: () => void;
  readonly readAll?: () => void;
}

/** On the server nobody presses a button. */
function nothing(): void {}

/** One namespace and why it is in its state: the explanation first, then all the evidence. */
export function NamespacePage({
  store,
  readAgain = nothing,
  readLogs = nothing,
  readAll = nothing,
}: NamespacePageProps) {
  const deploy = useSignal<OpenDeploy | undefined>(undefined);
  const toasts = useSignal<readonly Toast[]>([]);
  const holding = useSignal<HoldCommand | undefined>(undefined);
  const summary = useComputed(() => ({ namespaces: 1 }));
  const { namespace } = store.details.value;
  const open = (forceBootstrap: boolean) => {
    deploy.value = { scope: { kind: 'one', namespace }, namespaces: [namespace], forceBootstrap };
  };
  return (
    <>
      <TopBar current="fleet" environmentLabel={store.environmentLabel}>
        <LiveNote store={store} />
      </TopBar>
      <Toasts
        toasts={toasts.value}
        onClose={(id) => {
          toasts.value = toasts.value.filter((toast) => toast.id !== id);
        }}
      />
      <main id="main" class="namespace-page">
        <NamespaceHeader store={store}>
          {fittingHolds(store.hold.value).map((command) => (
            <button
              key={command}
              type="button"
              class="button needs-script"
              onClick={() => {
                holding.value = command;
              }}
            >
              {HOLD_WORDS[command]}…
            </button>
          ))}
          <button type="button" class="button primary needs-script" onClick={() => open(false)}>
            <Icon name="deploy" />
            Deploy…
          </button>
        </NamespaceHeader>
        <div class="notices" aria-live="polite">
          <NoticeLines {...store.notices.value} />
          <HoldNote store={store} />
        </div>
        <WhyPanel store={store} onBootstrap={() => open(true)} />
        <HealthRulesPanel store={store} readAgain={readAll} />
        <TokenPanel store={store} readAgain={readAll} />
        <div class="details-columns">
          <Timeline store={store} />
          <DeploymentPanel store={store} />
        </div>
        <ContainerLogsPanel store={store} read={readLogs} />
        <FddReportPanel store={store} />
        <BootstrapPanel store={store} />
        <WantedPanel store={store} />
        <ObjectsPanel store={store} readAgain={readAgain} />
        <LinksPanel store={store} />
      </main>
      <HoldDialog store={store} open={holding} />
      <DeployDialog
        store={{ row: () => store.details.value.row, summary }}
        open={deploy}
        onAccepted={({ id }) => {
          toasts.value = [...toasts.value, { id, content: <Accepted id={id} /> }];
        }}
      />
    </>
  );
}

function Accepted({ id }: { id: string }) {
  return (
    <>
      <strong>Rollout {id} was accepted.</strong>
      <br />
      <Link href={`/rollouts/${id}`}>Show the rollout</Link>
    </>
  );
}

interface UnknownNamespacePageProps {
  readonly namespace: string;
  readonly environmentLabel: string | undefined;
}

/** For a name that is not a FIAAS namespace: shows what would make it one. */
export function UnknownNamespacePage({ namespace, environmentLabel }: UnknownNamespacePageProps) {
  return (
    <>
      <TopBar current="fleet" environmentLabel={environmentLabel} />
      <main id="main" class="namespace-page">
        <h1>{namespace} is not a FIAAS namespace</h1>
        <section class="panel details-section" aria-label="What makes a FIAAS namespace">
          <p>
            A FIAAS namespace has a ConfigMap named <code>fiaas-deploy-daemon</code>, or one with the label{' '}
            <code>app=fiaas-deploy-daemon</code>. Skipper detects a new one immediately.
          </p>
          <p>
            To check: <code>kubectl -n {namespace} get configmap fiaas-deploy-daemon</code>
          </p>
          <p>
            <Link href={`/status?q=${encodeURIComponent(namespace)}`}>Search the fleet for this name</Link>,
            or see <Link href="/status">the whole fleet</Link>.
          </p>
        </section>
      </main>
    </>
  );
}
