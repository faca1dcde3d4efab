import { Fragment } from 'preact';
import { isStalePass } from '../../domain/heal/is-stale-pass.ts';
import { RULES, type Rule } from '../../domain/heal/rule.ts';
import { RULE_MEANINGS } from '../../domain/heal/rule-meanings.ts';
import { whyJudgedNowhere } from '../../domain/heal/why-not-judged.ts';
import { Section } from '../namespace/section.tsx';
import { firstUpper } from '../ui/first-upper.ts';
import { HealthIcon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { hrefOf } from './healing-filters.ts';
import type { HealingStore } from './healing-store.ts';
import { RULE_HUES } from './words.ts';

/** In how many namespaces each rule holds. */
export function RuleCounts({ store }: { store: HealingStore }) {
  const { status } = store.list.value;
  if (status === null || status.mode === 'off') return null;
  const isStale = isStalePass(status, store.now.value);
  const stateOf = (rule: Rule) => {
    if (isStale) return 'unknown';
    if ((status.rules[rule] ?? 0) > 0) return 'holds';
    return whyJudgedNowhere(rule, status) === undefined ? 'ok' : 'unknown';
  };
  return (
    <Section
      id="rules"
      title="Rules"
      aside={isStale ? 'as of the latest pass' : 'namespaces in which each holds'}
    >
      <ul class="rule-grid">
        {RULES.map((rule) => (
          <li key={rule} title={RULE_MEANINGS[rule]}>
            <HealthIcon health={RULE_HUES[stateOf(rule)]} />
            <RuleCount rule={rule} count={status.rules[rule] ?? 0} isKnown={stateOf(rule) !== 'unknown'} />
          </li>
        ))}
      </ul>
      <details class="entry-steps">
        <summary>What the rules mean</summary>
        <dl class="rule-meanings">
          {RULES.map((rule) => (
            <Fragment key={rule}>
              <dt>
                <code>{rule}</code>
              </dt>
              <dd>{firstUpper(RULE_MEANINGS[rule])}.</dd>
            </Fragment>
          ))}
        </dl>
      </details>
    </Section>
  );
}

function RuleCount({ rule, count, isKnown }: { rule: Rule; count: number; isKnown: boolean }) {
  const shown = isKnown || count > 0 ? count : 'unknown';
  return (
    <span>
      {count > 0 ? <Link href={hrefOf({ rule })}>{rule}</Link> : rule}{' '}
      <span class={count > 0 ? 'rule-count' : 'muted'}>{shown}</span>
    </span>
  );
}
