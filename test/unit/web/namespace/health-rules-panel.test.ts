import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { HealingStatus, NamespaceHealing } from '../../../../domain/heal/healing.ts';
import { viewRules } from '../../../../domain/heal/view-rules.ts';
import { HealthRulesPanel } from '../../../../web/namespace/health-rules-panel.tsx';
import { createNamespaceStore } from '../../../../web/namespace/namespace-store.ts';
import { someDetails } from '../../../support/details-builders.ts';
import { aFinding, aHealing, aPass, aStatus, MINUTE, NOW } from '../../../support/healing-builders.ts';

interface Given {
  readonly status?: HealingStatus | undefined;
  readonly healing?: NamespaceHealing;
  readonly now?: number;
}

function panel({ status = aStatus(), healing, now = NOW }: Given) {
  const details = someDetails({ healing: viewRules(aPass({ status, healing }), NOW), now });
  const store = createNamespaceStore({ details, objects: undefined, feedWorker: '' });
  return renderToString(h(HealthRulesPanel, { store, readAgain: () => undefined }));
}

function textOf(html: string): string {
  return html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}

describe('the panel of health rules', () => {
  test('is green only after a recent pass', () => {
    const html = panel({});
    expect(html).toContain('rules-headline healthy');
    expect(textOf(html)).toContain('No rule holds.');
    expect(html.match(/icon health healthy/g)).toHaveLength(17);

    const later = panel({ now: NOW + 2 * MINUTE });
    expect(later).toContain('rules-headline unknown');
    expect(later).not.toContain('icon health healthy');
    expect(textOf(later)).toContain('Unknown: no newer pass of healing was seen.');
  });

  test('shows the evidence, what comes next, and what was done', () => {
    const text = textOf(
      panel({
        healing: aHealing({
          reason: 'a restart did not help.',
          nextAt: NOW + 3 * MINUTE,
          nextMeans: 'deploy',
          findings: [aFinding('wrong-image', { by: 'kubectl-edit' })],
          steps: [
            {
              at: NOW - MINUTE,
              means: 'restart',
              rule: 'wrong-image',
              rolloutId: 'R1',
              result: 'no change.',
            },
          ],
        }),
      }),
    );
    expect(text).toContain('wrong-image : the Deployment of FDD differs from its Application , for 5 min');
    expect(text).toContain('wrong-image was seen Caused by the field manager kubectl-edit.');
    expect(text).toContain('A restart did not help. Due in 3 min.');
    expect(text).toContain('1 min ago : restart FDD, for wrong-image : no change. Show the rollout');
  });

  test('says what ends a quarantine', () => {
    const quarantine = {
      since: NOW,
      rule: 'oom',
      reason: 'nothing helped',
      evidence: 'exit 137',
      cause: 'c',
    } as const;
    const html = panel({ healing: aHealing({ state: 'quarantined', reason: '', quarantine }) });
    expect(textOf(html)).toContain('because of oom : nothing helped. exit 137 It ends automatically when');
  });

  test('does not claim that something is done in the modes report and off', () => {
    expect(textOf(panel({ status: aStatus({ mode: 'report' }) }))).toContain(
      'Healing only reports: nothing is done.',
    );
    const off = panel({ status: aStatus({ mode: 'off' }) });
    expect(off).toContain('rules-headline unmanaged');
    expect(textOf(off)).toContain('Healing is off: no rule is checked.');
  });
});
