import { HealthIcon } from '../ui/icon.tsx';
import { TokenField } from '../ui/token-field.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { Section } from './section.tsx';

interface TokenPanelProps {
  readonly store: NamespaceStore;
  readonly readAgain: () => void;
}

/** Asks for the token where the API requires it for what the sections below show. */
export function TokenPanel({ store, readAgain }: TokenPanelProps) {
  const state = store.token.value;
  if (state === 'enough') return null;
  return (
    <Section id="token" title="Logs and objects require the token">
      {state === 'wrong' ? (
        <p class="notice degraded" role="alert">
          <HealthIcon health="degraded" />
          <span>The token was rejected. Enter another one.</span>
        </p>
      ) : (
        <p>This API shows logs, environments and objects only with its token.</p>
      )}
      <div class="needs-script">
        <TokenField onToken={readAgain} />
      </div>
    </Section>
  );
}

/** In place of what the token opens. */
export function Withheld() {
  return <p class="none">Shown only with the API’s token.</p>;
}
