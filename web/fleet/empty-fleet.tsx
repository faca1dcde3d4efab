import { Link } from '../ui/link.tsx';
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

/** Why the list is empty, and what to do about it. */
export function EmptyFleet({ store }: { store: FleetStore }) {
  if (!store.isRead.value) {
    return (
      <div class="panel empty">
        <h2>No namespaces to show yet</h2>
        <p>
          Skipper has not read the whole cluster yet. The notices above and{' '}
          <Link href="/readyz">/readyz</Link> show what it is waiting for. Namespaces appear here
          automatically.
        </p>
      </div>
    );
  }
  if (store.summary.value.namespaces > 0) {
    return (
      <div class="panel empty">
        <h2>No namespaces match</h2>
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
      <h2>No namespaces in the fleet yet</h2>
      <p>
        To add a namespace to the fleet, create a ConfigMap named <code>fiaas-deploy-daemon</code> in it, or
        one with the label <code>app=fiaas-deploy-daemon</code>. Its <code>tag</code> is the release channel
        to follow. The namespace appears here within a second.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls on a phone */}
      <pre tabIndex={0}>{EXAMPLE}</pre>
    </div>
  );
}
