import { type ReadonlySignal, useSignal } from '@preact/signals';
import { describeRules, QUARANTINE_ENDS } from '../../domain/heal/describe-healing.ts';
import type { NamespaceHealing } from '../../domain/heal/healing.ts';
import type { HealthRules, RuleView } from '../../domain/heal/healing-view.ts';
import { RULE_MEANINGS } from '../../domain/heal/rule-meanings.ts';
import { ageRules } from '../../domain/heal/view-rules.ts';
import { HEAL_BUTTONS, type HealCommand } from '../healing/heal-command-words.ts';
import { HealDialog } from '../healing/heal-dialog.tsx';
import { HealingBadge } from '../healing/healing-badge.tsx';
import { HealingSteps } from '../healing/healing-steps.tsx';
import { WhatHealingDoes } from '../healing/what-healing-does.tsx';
import { RULE_HUES } from '../healing/words.ts';
import { HealthIcon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { Ago, Since } from '../ui/moment.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { Section } from './section.tsx';

interface HealthRulesPanelProps {
  readonly store: NamespaceStore;
  readonly readAgain: () => void;
}

/** What the health rules say about this namespace, and what healing did and will do. */
export function HealthRulesPanel({ store, readAgain }: HealthRulesPanelProps) {
  const open = useSignal<HealCommand | undefined>(undefined);
  const { now } = store;
  const view = ageRules(store.details.value.healing, now.value);
  const { text, state } = describeRules(view);
  const shown = view.rules.filter((rule) => rule.state === 'holds' || isOnlyUnknown(rule, view));
  const others = view.rules.filter((rule) => !shown.includes(rule));
  return (
    <Section id="health-rules" title="Health rules" aside={<Checked view={view} now={now} />}>
      <p class={`rules-headline ${RULE_HUES[state]}`}>
        <HealthIcon health={RULE_HUES[state]} />
        <strong>{text}.</strong>
      </p>
      {view.mode === 'report' ? (
        <p class="muted small">
          Healing only reports: nothing is done. <Link href="/healing">How to switch it on</Link>
        </p>
      ) : null}
      {shown.length === 0 ? null : (
        <ul class="lines rules-shown">
          {shown.map((rule) => (
            <RuleLine key={rule.rule} rule={rule} now={now} />
          ))}
        </ul>
      )}
      {view.healing === undefined ? null : <HealingPart healing={view.healing} now={now} />}
      {view.healing?.quarantine === undefined ? null : (
        <p class="entry-action needs-script">
          <button
            type="button"
            class="button"
            onClick={() => {
              open.value = { kind: 'release', namespaces: [store.details.value.namespace] };
            }}
          >
            {HEAL_BUTTONS.release}…
          </button>
        </p>
      )}
      <HealDialog open={open} mode={view.mode} onDone={readAgain} />
      {others.length === 0 ? null : <OtherRules rules={others} />}
    </Section>
  );
}

/** If all rules are unknown for the same reason, the headline has it. */
function isOnlyUnknown({ state }: RuleView, { rules }: HealthRules): boolean {
  return state === 'unknown' && rules.some((each) => each.state !== 'unknown');
}

function Checked({
  view: { mode, checkedAt, isStale },
  now,
}: {
  view: HealthRules;
  now: ReadonlySignal<number>;
}) {
  if (checkedAt === undefined || mode === 'off') return null;
  return (
    <>
      {isStale ? 'not verified now; ' : ''}checked <Ago at={checkedAt} now={now} />
    </>
  );
}

function RuleLine({ rule: { rule, state, since, evidence, by, reason }, now }: RuleLineProps) {
  return (
    <li>
      <HealthIcon health={RULE_HUES[state]} />
      <div class="line-text">
        <strong>{rule}</strong>
        {state === 'holds' ? `: ${RULE_MEANINGS[rule]}` : `: unknown, ${reason}`}
        {since === undefined ? null : (
          <span class="muted">
            , for <Since at={since} now={now} />
          </span>
        )}
        {evidence === undefined ? null : <p class="rule-evidence mono">{evidence}</p>}
        {by === undefined ? null : <p class="muted small">Caused by the field manager {by}.</p>}
      </div>
    </li>
  );
}

interface RuleLineProps {
  readonly rule: RuleView;
  readonly now: ReadonlySignal<number>;
}

interface HealingProps {
  readonly healing: NamespaceHealing;
  readonly now: ReadonlySignal<number>;
}

function HealingPart({ healing, now }: HealingProps) {
  const { steps, quarantine, wellSince, findings } = healing;
  const isShown = findings.some(({ evidence }) => evidence === quarantine?.evidence);
  return (
    <div class="what-healing-does">
      <h3>What healing does</h3>
      <p>
        <HealingBadge healing={healing} />
      </p>
      <p>
        <WhatHealingDoes healing={healing} now={now} />
      </p>
      {wellSince === undefined ? null : (
        <p class="muted">
          No rule holds since <Since at={wellSince} now={now} />.
        </p>
      )}
      {quarantine === undefined ? null : (
        <InQuarantine healing={healing} quarantine={quarantine} isShown={isShown} now={now} />
      )}
      {steps.length === 0 ? null : (
        <>
          <h3>What healing did</h3>
          <HealingSteps steps={steps} now={now} />
        </>
      )}
    </div>
  );
}

interface InQuarantineProps extends HealingProps {
  readonly quarantine: NonNullable<NamespaceHealing['quarantine']>;
  /** Its evidence is that of a rule which still holds. */
  readonly isShown: boolean;
}

function InQuarantine({ healing, quarantine, isShown, now }: InQuarantineProps) {
  const { since, rule, reason, evidence } = quarantine;
  const isSameReason = reason === healing.reason;
  return (
    <>
      <p>
        In quarantine for <Since at={since} now={now} />, because of <code>{rule}</code>
        {isSameReason ? null : `: ${reason}`}.
      </p>
      {isShown ? null : <p class="rule-evidence mono">{evidence}</p>}
      <p class="muted">{QUARANTINE_ENDS}</p>
    </>
  );
}

function OtherRules({ rules }: { rules: readonly RuleView[] }) {
  return (
    <ul class="rule-grid">
      {rules.map(({ rule, state }) => (
        <li key={rule} title={RULE_MEANINGS[rule]}>
          <HealthIcon health={RULE_HUES[state]} />
          <span>
            {rule} <span class="muted">{state}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
