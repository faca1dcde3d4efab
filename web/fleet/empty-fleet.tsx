import type { FleetStore } from './fleet-store.ts';
import { withoutFilters } from './selection.ts';
import { SelectionLink } from './selection-link.tsx';

const EXAMPLE = `apiVersion: v1
kind: ConfigMap
metadata:
  name: fiaas-deploy-daemon
  namespace: team-a
data:
  tag: stable
  cluster_config.yaml: |
    log-format: json`;

/** Why there is nothing to see, and what would change that. */
export function EmptyFleet({ store }: { store: FleetStore }) {
  if (!store.isRead.value) {
    return (
      <div class="panel empty">
        <h2>No namespace to show yet</h2>
        <p>
          Skipper does not know the whole cluster at the moment: what it waits for stands above, and in{' '}
          <a href="/readyz">/readyz</a>. Namespaces appear here by themselves.
        </p>
      </div>
    );
  }
  if (store.summary.value.namespaces > 0) {
    return (
      <div class="panel empty">
        <h2>No namespace matches</h2>
        <p>
          <SelectionLink store={store} to={withoutFilters(store.selection.value)}>
            Clear the filters
          </SelectionLink>{' '}
          to see the whole fleet.
        </p>
      </div>
    );
  }
  return (
    <div class="panel empty">
      <h2>No namespace has FIAAS yet</h2>
      <p>
        A namespace becomes one of the fleet by a ConfigMap that is called <code>fiaas-deploy-daemon</code>,
        or any with the label <code>app=fiaas-deploy-daemon</code>. Its <code>tag</code> is the release
        channel to follow. It appears here within a second of being written.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls on a phone */}
      <pre tabIndex={0}>{EXAMPLE}</pre>
    </div>
  );
}
