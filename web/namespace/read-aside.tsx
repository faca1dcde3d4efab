import { Ago } from '../ui/moment.tsx';
import type { NamespaceStore } from './namespace-store.ts';

interface ReadAsideProps {
  readonly store: NamespaceStore;
  /** When the section was read, in milliseconds since the epoch; undefined before that. */
  readonly readAt: number | undefined;
  /** Of the button. */
  readonly label: string;
  readonly onClick: () => void;
}

/** Beside the title of a section that is read on request: how old it is, and a button to read it. */
export function ReadAside({ store, readAt, label, onClick }: ReadAsideProps) {
  return (
    <>
      {readAt === undefined ? null : (
        <>
          read <Ago at={readAt} now={store.now} />{' '}
        </>
      )}
      <button type="button" class="link-button needs-script" onClick={onClick}>
        {label}
      </button>
    </>
  );
}
