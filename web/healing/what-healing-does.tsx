import type { ReadonlySignal } from '@preact/signals';
import { reasonOf } from '../../domain/heal/describe-healing.ts';
import type { NamespaceHealing } from '../../domain/heal/healing.ts';
import { firstUpper } from '../ui/first-upper.ts';
import { until } from '../ui/relative-time.ts';

interface WhatHealingDoesProps {
  readonly healing: NamespaceHealing;
  readonly now: ReadonlySignal<number>;
}

/** What comes next and when, or why nothing is done. */
export function WhatHealingDoes({ healing, now }: WhatHealingDoesProps) {
  const { nextAt } = healing;
  const isAhead = nextAt !== undefined && nextAt > now.value;
  return (
    <>
      {firstUpper(reasonOf(healing).replace(/\.$/, ''))}.
      {isAhead ? <span class="muted"> Due {until(now.value, nextAt)}.</span> : null}
    </>
  );
}
