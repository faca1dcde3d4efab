import { AsOf } from '../ui/moment.tsx';
import type { NamespaceStore } from './namespace-store.ts';

/** In the top bar: whether the page is current. */
export function LiveNote({ store }: { store: NamespaceStore }) {
  if (store.isGone.value)
    return (
      <span class="live-badge degraded" title="This namespace is no longer in the fleet">
        Gone
      </span>
    );
  switch (store.connection.value.state) {
    case 'connecting':
      return (
        <span class="live-badge muted" title="When this page was rendered">
          <AsOf now={store.now} />
        </span>
      );
    case 'live':
      return <span class="live-badge healthy">Live</span>;
    case 'lost':
      return <span class="live-badge degraded">Reconnecting</span>;
  }
}
