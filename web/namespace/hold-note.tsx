import { Icon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { Ago } from '../ui/moment.tsx';
import type { NamespaceStore } from './namespace-store.ts';

/** Who keeps this namespace from getting releases automatically, and why. */
export function HoldNote({ store }: { store: NamespaceStore }) {
  const hold = store.hold.value;
  if (hold === undefined) return null;
  return (
    <p class="notice outdated hold-note">
      <Icon name="hold" />
      <span>
        <strong>{hold.pin === undefined ? 'Held' : `Pinned to ${hold.pin}`}</strong> by {hold.by}{' '}
        <Ago at={hold.at} now={store.now} />: {hold.reason.replace(/\.$/, '')}.{' '}
        <span class="muted">
          {hold.pin === undefined ? 'No release is' : 'No other release is'} rolled out here automatically
          until it is released.
        </span>
        {hold.rolloutId === undefined ? null : (
          <>
            {' '}
            <Link href={`/rollouts/${hold.rolloutId}`}>The rollout that was taken back</Link>
          </>
        )}
      </span>
    </p>
  );
}
