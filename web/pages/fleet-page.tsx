import { useSignal } from '@preact/signals';

export function FleetPage() {
  const n = useSignal(0);
  return (
    <button type="button" onClick={() => n.value++}>
      {n}
    </button>
  );
}
