import { type Signal, useSignal } from '@preact/signals';
import { Link } from '../ui/link.tsx';
import { PollNote } from '../ui/poll-note.tsx';
import { nextToastId, type Toast, Toasts } from '../ui/toasts.tsx';
import { TopBar } from '../ui/top-bar.tsx';
import { CommandDialog } from './command-dialog.tsx';
import { COMMAND_WORDS, fittingCommands, primaryCommand, type RolloutCommand } from './commands.ts';
import { DecisionsPanel } from './decisions-panel.tsx';
import { FailuresPanel } from './failures-panel.tsx';
import type { CommandAnswer } from './rollout-api.ts';
import { RolloutHeader } from './rollout-header.tsx';
import type { RolloutStore } from './rollout-store.ts';
import { SituationPanel } from './situation-panel.tsx';
import { TargetsPanel } from './targets-panel.tsx';
import { WavesPanel } from './waves-panel.tsx';

interface RolloutPageProps {
  readonly store: RolloutStore;
  readonly readAgain?: () => Promise<void>;
}

/** On the server nobody presses a button. */
async function nothing(): Promise<void> {}

/** `/rollouts/:id`: how far it is and why, what failed, what was decided, and what an operator can do. */
export function RolloutPage({ store, readAgain = nothing }: RolloutPageProps) {
  const open = useSignal<RolloutCommand | undefined>(undefined);
  const toasts = useSignal<readonly Toast[]>([]);
  const done = (answer: CommandAnswer) => {
    store.checked.value = new Set();
    const id = nextToastId(toasts.value);
    toasts.value = [...toasts.value, { id, content: <Done answer={answer} /> }];
    void readAgain();
  };
  return (
    <>
      <TopBar current="rollouts" environmentLabel={store.environmentLabel}>
        <PollNote polling={store.polling} now={store.now} />
      </TopBar>
      <Toasts
        toasts={toasts.value}
        onClose={(id) => {
          toasts.value = toasts.value.filter((toast) => toast.id !== id);
        }}
      />
      <main id="main" class="namespace-page rollout-page">
        <RolloutHeader store={store}>
          <Commands store={store} open={open} />
        </RolloutHeader>
        <SituationPanel store={store} />
        <WavesPanel store={store} />
        <FailuresPanel store={store} />
        <DecisionsPanel store={store} />
        <TargetsPanel store={store} />
        <p class="muted">
          As JSON: <Link href={`/api/rollouts/${store.rollout.value.id}`}>rollout</Link>. In a terminal:{' '}
          <code>skipper rollout show {store.rollout.value.id}</code>
        </p>
      </main>
      <CommandDialog store={store} open={open} onDone={done} onRefused={() => void readAgain()} />
    </>
  );
}

function Commands({ store, open }: { store: RolloutStore; open: Signal<RolloutCommand | undefined> }) {
  const rollout = store.rollout.value;
  const primary = primaryCommand(rollout);
  return (
    <>
      {fittingCommands(rollout).map((command) => (
        <button
          key={command}
          type="button"
          class={command === primary ? 'button primary' : 'button'}
          onClick={() => {
            open.value = command;
          }}
        >
          {COMMAND_WORDS[command].button}…
        </button>
      ))}
    </>
  );
}

function Done({ answer: { message, rolloutId } }: { answer: CommandAnswer }) {
  return (
    <>
      <strong>{message}</strong>
      {rolloutId === undefined ? null : (
        <>
          <br />
          <Link href={`/rollouts/${rolloutId}`}>Show the rollback</Link>
        </>
      )}
    </>
  );
}

interface UnknownRolloutPageProps {
  readonly id: string;
  readonly environmentLabel: string | undefined;
}

/** For an id that is not stored, or not any more. */
export function UnknownRolloutPage({ id, environmentLabel }: UnknownRolloutPageProps) {
  return (
    <>
      <TopBar current="rollouts" environmentLabel={environmentLabel} />
      <main id="main" class="namespace-page">
        <h1>This rollout is not known</h1>
        <section class="panel details-section" aria-label="What to do">
          <p>
            Skipper has no rollout <code>{id}</code>. Rollouts are kept for a limited time.
          </p>
          <p>
            See <Link href="/rollouts">the latest rollouts</Link>.
          </p>
        </section>
      </main>
    </>
  );
}
