import type { FleetStore } from '../fleet/fleet-store.ts';
import { namespaces, number } from '../fleet/words.ts';

/** How large the fleet is, and whether anybody works. */
export function FleetTitle({ store }: { store: FleetStore }) {
  const { namespaces: count, workers, queue } = store.summary.value;
  return (
    <div class="fleet-title">
      <h1>{store.isRead.value ? namespaces(count) : 'Fleet'}</h1>
      <dl class="vitals numbers">
        <Vital word="workers" value={workers} isBad={workers === 0} />
        <Vital word="queued" value={queue?.waiting} />
        <Vital word="active" value={queue?.active} />
        <Vital word="delayed" value={queue?.delayed} />
      </dl>
    </div>
  );
}

function Vital({ word, value, isBad }: { word: string; value: number | undefined; isBad?: boolean }) {
  return (
    <div class={`vital${isBad ? ' failing' : ''}${value ? '' : ' nought'}`}>
      <dt>{word}</dt>
      <dd>{value === undefined ? 'unknown' : number(value)}</dd>
    </div>
  );
}
