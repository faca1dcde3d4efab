import { type ReadonlySignal, type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { namespaces as countNamespaces, number } from '../fleet/words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { HealthIcon, Icon } from '../ui/icon.tsx';
import { TokenField } from '../ui/token-field.tsx';
import { readToken } from '../ui/token-store.ts';
import {
  type AcceptedDeploy,
  type DeployRefusal,
  newIdempotencyKey,
  planDeploy,
  requestDeploy,
  toRefusal,
} from './deploy-api.ts';
import { explainLine, type PlanSummary, summarizePlan } from './plan-summary.ts';
import { RefusalNote } from './refusal-note.tsx';
import type { DeployScope } from './scope.ts';

export interface OpenDeploy {
  readonly scope: DeployScope;
  /** Undefined means the whole fleet. */
  readonly namespaces: readonly string[] | undefined;
  /** The bootstrap is forced from the start; it can still be unchecked. */
  readonly forceBootstrap?: boolean;
}

/** What the dialog needs to know about the fleet; the namespace page has nothing more. */
export interface DeployDialogStore {
  readonly row: (namespace: string) => Pick<FleetRow, 'version' | 'status'> | undefined;
  readonly summary: ReadonlySignal<Pick<FleetSummary, 'namespaces'>>;
}

interface DeployDialogProps {
  readonly store: DeployDialogStore;
  readonly open: Signal<OpenDeploy | undefined>;
  readonly onAccepted: (accepted: AcceptedDeploy) => void;
}

/** Shows what a deploy will do before it is requested. Each opening starts fresh: no state is kept. */
export function DeployDialog({ store, open, onAccepted }: DeployDialogProps) {
  const opened = open.value;
  if (!opened) return null;
  const close = () => {
    open.value = undefined;
  };
  const accept = (accepted: AcceptedDeploy) => {
    close();
    onAccepted(accepted);
  };
  return <DeployForm store={store} opened={opened} onClose={close} onAccepted={accept} />;
}

type Plan =
  | { readonly state: 'planning' }
  | { readonly state: 'planned'; readonly summary: PlanSummary; readonly idempotencyKey: string }
  | { readonly state: 'refused'; readonly refusal: DeployRefusal };

interface DeployFormProps {
  readonly store: DeployDialogStore;
  readonly opened: OpenDeploy;
  readonly onClose: () => void;
  readonly onAccepted: (accepted: AcceptedDeploy) => void;
}

function DeployForm({ store, opened, onClose, onAccepted }: DeployFormProps) {
  const force = useSignal(opened.forceBootstrap ?? false);
  const plan = useSignal<Plan>({ state: 'planning' });
  const typed = useSignal('');
  const isTakeover = useSignal(false);
  const isSending = useSignal(false);
  const failure = useSignal<DeployRefusal | undefined>(undefined);
  const token = useSignal(readToken());
  const fleetSize = useMemo(() => store.summary.value.namespaces, [store]);
  const request = { namespaces: opened.namespaces, forceBootstrap: force.value };

  useEffect(() => {
    const stop = new AbortController();
    plan.value = { state: 'planning' };
    typed.value = '';
    isTakeover.value = false;
    failure.value = undefined;
    planDeploy({ namespaces: opened.namespaces, forceBootstrap: force.value }, token.value, stop.signal)
      .then((targets) => {
        const runningNow = (namespace: string) => {
          const row = store.row(namespace);
          return { version: row?.version ?? '', isHelmManaged: row?.status === 'HELM_MANAGED' };
        };
        const summary = summarizePlan(targets, fleetSize, runningNow);
        plan.value = { state: 'planned', summary, idempotencyKey: newIdempotencyKey() };
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) plan.value = { state: 'refused', refusal: toRefusal(error) };
      });
    return () => stop.abort();
  }, [force.value, token.value]);

  /** Keeps the form's other fields; the plan is requested again with the token. */
  function takeToken(given: string): void {
    token.value = given;
  }

  async function send(): Promise<void> {
    if (plan.value.state !== 'planned') return;
    isSending.value = true;
    failure.value = undefined;
    try {
      onAccepted(await requestDeploy(request, token.value, plan.value.idempotencyKey));
    } catch (error) {
      failure.value = toRefusal(error);
    } finally {
      isSending.value = false;
    }
  }

  const planned = plan.value.state === 'planned' ? plan.value.summary : undefined;
  const isConfirmed =
    planned?.button !== undefined &&
    (planned.takeovers.length === 0 || isTakeover.value) &&
    (!planned.isLarge || typed.value.replace(/[\s,]/g, '') === String(planned.touched));
  const count = opened.namespaces?.length ?? fleetSize;
  return (
    <Dialog title={titleOf(opened, count)} class="deploy-dialog" onClose={onClose}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isConfirmed && !isSending.value) void send();
        }}
      >
        <Names opened={opened} count={count} />
        <Choice title="Force bootstrap" isChosen={force} class="force">
          Deploys FDD with a bootstrap pod even if FDD is running. Use it if FDD no longer processes its
          Application. If Helm manages FDD, this takes it over from Helm.
        </Choice>
        <PlanView plan={plan.value} />
        {needsToken(plan.value, failure.value) ? <TokenField onToken={takeToken} /> : null}
        {planned !== undefined && planned.takeovers.length > 0 ? (
          <Takeover namespaces={planned.takeovers} isConfirmed={isTakeover} />
        ) : null}
        {planned?.isLarge ? <TypedNumber typed={typed} wanted={planned.touched} /> : null}
        {failure.value ? <RefusalNote refusal={failure.value} /> : null}
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={!isConfirmed || isSending.value}>
            <Icon name="deploy" />
            {isSending.value ? 'Requesting…' : buttonWords(plan.value, count)}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function buttonWords(plan: Plan, count: number): string {
  if (plan.state !== 'planned') return `Deploy ${countNamespaces(count)}`;
  return plan.summary.button ?? 'Nothing to deploy';
}

function titleOf({ scope, namespaces }: OpenDeploy, count: number): string {
  switch (scope.kind) {
    case 'one':
      return `Deploy ${scope.namespace}`;
    case 'all':
      return `Deploy the whole fleet: ${countNamespaces(count)}`;
    default:
      return namespaces?.length === 1 ? `Deploy ${namespaces[0]}` : `Deploy ${countNamespaces(count)}`;
  }
}

const NAMED = 12;

function Names({ opened: { namespaces }, count }: { opened: OpenDeploy; count: number }) {
  if (namespaces === undefined || namespaces.length < 2) return null;
  const rest = count - NAMED;
  return (
    <p class="names muted">
      {namespaces.slice(0, NAMED).join(', ')}
      {rest > 0 ? ` and ${number(rest)} more` : ''}
    </p>
  );
}

function PlanView({ plan }: { plan: Plan }) {
  if (plan.state === 'planning') {
    return (
      <section class="plan" aria-live="polite">
        <p class="muted planning">
          <HealthIcon health="progressing" /> Planning the deploy…
        </p>
      </section>
    );
  }
  if (plan.state === 'refused') {
    return (
      <section class="plan refused" aria-live="polite">
        <RefusalNote refusal={plan.refusal} />
      </section>
    );
  }
  const { lines, changes, blastRadius, isLarge } = plan.summary;
  return (
    <section class="plan" aria-live="polite">
      <h3>What will happen</h3>
      <ul class="plan-lines">
        {lines.map(({ action, count, word, meaning, reasons }) => (
          <li key={action} class={action === 'refuse' ? 'degraded' : undefined}>
            <span class="plan-count numbers">{number(count)}</span>
            <span class="plan-word">{word}</span>
            <span class="muted">{explainLine({ action, meaning, reasons }, lines.length === 1)}</span>
          </li>
        ))}
      </ul>
      <Changes changes={changes} />
      <p class={`blast-radius${isLarge ? ' large' : ''}`}>{blastRadius}</p>
    </section>
  );
}

/** A browser can show thousands of lines, but they would not be useful. */
const LISTED = 200;

/** Old and new version: shown for one namespace, on demand for several. */
function Changes({ changes }: { changes: PlanSummary['changes'] }) {
  const [only, ...others] = changes;
  if (only === undefined) return null;
  if (others.length === 0) return only.versions === '' ? null : <p class="mono change">{only.versions}</p>;
  const rest = changes.length - LISTED;
  return (
    <details class="changes">
      <summary>Each namespace, with its versions</summary>
      <ul>
        {changes.slice(0, LISTED).map(({ namespace, word, versions, reason }) => (
          <li key={namespace} title={reason}>
            <b>{namespace}</b> <span>{word}</span> <span class="mono muted">{versions}</span>
          </li>
        ))}
      </ul>
      {rest > 0 ? <p class="muted">and {number(rest)} more</p> : null}
    </details>
  );
}

interface ChoiceProps {
  readonly title: string;
  readonly isChosen: Signal<boolean>;
  readonly class: string;
  readonly children: ComponentChildren;
}

/** A checkbox with an explanation. */
function Choice({ title, isChosen, class: className, children }: ChoiceProps) {
  return (
    <label class={className}>
      <input
        type="checkbox"
        checked={isChosen.value}
        onChange={(event) => {
          isChosen.value = event.currentTarget.checked;
        }}
      />
      <span>
        <strong>{title}</strong>
        <span class="muted">{children}</span>
      </span>
    </label>
  );
}

interface TakeoverProps {
  readonly namespaces: readonly string[];
  readonly isConfirmed: Signal<boolean>;
}

/** Not part of any other confirmation: afterwards, an upgrade with Helm and Skipper would undo each other. */
function Takeover({ namespaces, isConfirmed }: TakeoverProps) {
  const rest = namespaces.length - NAMED;
  return (
    <Choice title="Take FDD over from Helm" isChosen={isConfirmed} class="force takeover">
      Helm manages FDD in {namespaces.slice(0, NAMED).join(', ')}
      {rest > 0 ? ` and ${number(rest)} more` : ''}. Afterwards Skipper deploys it: do not upgrade that Helm
      release again.
    </Choice>
  );
}

function TypedNumber({ typed, wanted }: { typed: Signal<string>; wanted: number }) {
  return (
    <label class="typed">
      <span>
        Type <b class="numbers">{wanted}</b> to confirm
      </span>
      <input
        class="field numbers"
        inputMode="numeric"
        autoComplete="off"
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

function needsToken(plan: Plan, failure: DeployRefusal | undefined): boolean {
  return (plan.state === 'refused' && plan.refusal.needsToken) || failure?.needsToken === true;
}
