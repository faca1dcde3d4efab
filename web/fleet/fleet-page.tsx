import { useSignal } from '@preact/signals';
import { useCallback, useRef } from 'preact/hooks';
import { DeployDialog, type OpenDeploy } from '../deploy/deploy-dialog.tsx';
import { type DeployScope, namespacesOf } from '../deploy/scope.ts';
import { Icon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { type Toast, Toasts } from '../ui/toasts.tsx';
import { TopBar } from '../ui/top-bar.tsx';
import type { FleetStore } from './fleet-store.ts';
import { FleetTable } from './fleet-table.tsx';
import { FleetTitle } from './fleet-title.tsx';
import { HealthTiles } from './health-tiles.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import { LiveBadge, Notices } from './notices.tsx';
import { withoutFilters } from './selection.ts';
import { SelectionLink } from './selection-link.tsx';
import { SummaryPanels } from './summary-panels.tsx';
import { Toolbar } from './toolbar.tsx';
import { useFleetKeys } from './use-fleet-keys.ts';
import { namespaces } from './words.ts';

/** `/status`: the fleet at a glance, with filters and deploys. */
export function FleetPage({ store }: { store: FleetStore }) {
  const deploy = useSignal<OpenDeploy | undefined>(undefined);
  const keysAreShown = useSignal(false);
  const scrollTo = useRef<(index: number) => void>(() => undefined);
  const toasts = useSignal<readonly Toast[]>([]);

  const openDeploy = useCallback(
    (scope: DeployScope) => {
      const namespaces = namespacesOf(scope, {
        checked: store.checked.value,
        selected: store.selected(),
        members: store.members,
      });
      if (namespaces?.length !== 0) deploy.value = { scope, namespaces };
    },
    [store, deploy],
  );
  useFleetKeys(store, {
    deploy: openDeploy,
    showKeys: () => {
      keysAreShown.value = true;
    },
    scrollTo: (index) => scrollTo.current(index),
  });

  return (
    <>
      <TopBar current="fleet" environmentLabel={store.environmentLabel}>
        <LiveBadge store={store} />
        <button
          type="button"
          class="icon-button needs-script keys-button"
          title="Keyboard shortcuts (?)"
          onClick={() => {
            keysAreShown.value = true;
          }}
        >
          <Icon name="keyboard" />
          <span class="visually-hidden">Show keyboard shortcuts</span>
        </button>
      </TopBar>
      <Toasts
        toasts={toasts.value}
        onClose={(id) => {
          toasts.value = toasts.value.filter((toast) => toast.id !== id);
        }}
      />
      <main id="main" class="fleet">
        <Notices store={store} />
        <FleetTitle store={store} />
        <HealthTiles store={store} />
        <SummaryPanels store={store} />
        <Toolbar store={store} onDeploy={openDeploy} />
        <FleetTable
          store={store}
          onDeploy={openDeploy}
          onLines={(scroll) => {
            scrollTo.current = scroll;
          }}
        />
      </main>
      <DeployDialog
        store={store}
        open={deploy}
        onAccepted={({ id, targets }) => {
          store.checked.value = new Set();
          toasts.value = [
            ...toasts.value,
            { id, content: <Accepted store={store} id={id} targets={targets} /> },
          ];
        }}
      />
      <KeysDialog isOpen={keysAreShown} />
    </>
  );
}

function Accepted({ store, id, targets }: { store: FleetStore; id: string; targets: number }) {
  return (
    <>
      <strong>Rollout accepted: {namespaces(targets)}</strong>
      <br />
      <SelectionLink store={store} to={{ ...withoutFilters(store.selection.value), rollout: id }}>
        Show its namespaces
      </SelectionLink>
      {' · '}
      <Link href={`/rollouts/${id}`}>Show the rollout</Link>
    </>
  );
}
