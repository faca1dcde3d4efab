import { useSignal } from '@preact/signals';
import type { Hold } from '../../domain/rollout/hold.ts';
import { CommandField } from '../command/command-field.tsx';
import { ReasonDialog } from '../command/reason-dialog.tsx';
import { namespaces as countNamespaces } from '../fleet/words.ts';
import { Section } from '../namespace/section.tsx';
import { Link } from '../ui/link.tsx';
import { Ago } from '../ui/moment.tsx';
import { type HeldCommand, sendHeld } from './held-api.ts';
import { describeHeldCommand, HELD_BUTTONS, titleOf } from './held-words.ts';
import type { RolloutsStore } from './rollout-store.ts';

/** The namespaces and versions that operators keep from automatic rollouts, and how to end that. */
export function HeldPanel({ store }: { store: RolloutsStore }) {
  const open = useSignal<HeldCommand | undefined>(undefined);
  const { holds, ignored } = store.held.value;
  const ask = (command: HeldCommand) => () => {
    open.value = command;
  };
  const names = holds.map(({ namespace }) => namespace);
  return (
    <Section id="held" title="Held back by operators">
      {holds.length + ignored.length === 0 ? (
        <p class="muted">No namespace is held or pinned, and no version is ignored.</p>
      ) : null}
      <ul class="held">
        {ignored.map((release) => (
          <li key={release.key}>
            <p>
              Version <strong class="mono">{release.version}</strong> is ignored,{' '}
              <Why hold={release} store={store} />
            </p>
            <button
              type="button"
              class="button"
              onClick={ask({ kind: 'stop ignoring', version: release.version })}
            >
              {HELD_BUTTONS['stop ignoring']}…
            </button>
          </li>
        ))}
        {holds.map(({ namespace, ...hold }) => (
          <li key={namespace}>
            <p>
              <Link href={`/status/${namespace}`}>{namespace}</Link> is{' '}
              {hold.pin === undefined ? 'held' : <>pinned to {hold.pin}</>}, <Why hold={hold} store={store} />
            </p>
            <button type="button" class="button" onClick={ask({ kind: 'release', namespaces: [namespace] })}>
              {HELD_BUTTONS.release}…
            </button>
          </li>
        ))}
      </ul>
      <p class="held-actions">
        <button type="button" class="button" onClick={ask({ kind: 'ignore' })}>
          {HELD_BUTTONS.ignore}…
        </button>
        {names.length > 1 ? (
          <button type="button" class="button" onClick={ask({ kind: 'release', namespaces: names })}>
            {HELD_BUTTONS.release} all {countNamespaces(names.length)}…
          </button>
        ) : null}
      </p>
      {open.value === undefined ? null : (
        <HeldDialog
          store={store}
          command={open.value}
          onClose={() => {
            open.value = undefined;
          }}
        />
      )}
    </Section>
  );
}

function Why({ hold, store }: { hold: Hold; store: RolloutsStore }) {
  return (
    <>
      by {hold.by} <Ago at={hold.at} now={store.now} />: {hold.reason}
      {hold.rolloutId === undefined ? null : (
        <>
          {' '}
          (<Link href={`/rollouts/${hold.rolloutId}`}>its rollout</Link>)
        </>
      )}
    </>
  );
}

interface HeldDialogProps {
  readonly store: RolloutsStore;
  readonly command: HeldCommand;
  readonly onClose: () => void;
}

function HeldDialog({ store, command, onClose }: HeldDialogProps) {
  const version = useSignal('');
  const isIgnore = command.kind === 'ignore';
  const send = async (reason: string) => {
    store.held.value = await sendHeld(command, reason, version.value.trim());
    onClose();
  };
  return (
    <ReasonDialog
      title={titleOf(command)}
      lines={describeHeldCommand(command)}
      button={isIgnore ? 'Ignore' : HELD_BUTTONS[command.kind]}
      isReady={!isIgnore || version.value.trim() !== ''}
      onClose={onClose}
      send={send}
    >
      {isIgnore ? <CommandField name="Version" value={version} isRequired /> : null}
    </ReasonDialog>
  );
}
