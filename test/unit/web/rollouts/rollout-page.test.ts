import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import { signal } from '@preact/signals';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { CommandDialog } from '../../../../web/rollouts/command-dialog.tsx';
import type { RolloutCommand } from '../../../../web/rollouts/commands.ts';
import type { RolloutPageState } from '../../../../web/rollouts/page-state.ts';
import { RolloutPage } from '../../../../web/rollouts/rollout-page.tsx';
import { createRolloutStore } from '../../../../web/rollouts/rollout-store.ts';
import { BasePath } from '../../../../web/ui/link.tsx';
import {
  aRolloutPage,
  aRolloutView,
  aTargetView,
  aWave,
  someCounts,
} from '../../../support/rollout-builders.ts';

// The dialog reads the token that the tab keeps.
Object.assign(globalThis, { sessionStorage: { getItem: () => null } });

function html(overrides: Partial<RolloutPageState> = {}): string {
  const store = createRolloutStore(aRolloutPage(overrides));
  return renderToString(h(BasePath.Provider, { value: '/skipper' }, h(RolloutPage, { store })));
}

/** Its text, without elements. */
function text(overrides: Partial<RolloutPageState> = {}): string {
  return html(overrides)
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
}

describe('the page of a rollout', () => {
  test('says its state in words, why, and what failed by cause', () => {
    const shown = text();

    expect(shown).toContain('Paused');
    expect(shown).toContain(
      '1 target of the canary failed: CrashLoopBackOff (team-a). Nothing new is admitted.',
    );
    expect(shown).toContain('1 namespace : CrashLoopBackOff team-a');
    expect(shown).toContain('4 namespaces: 1 failed · 3 waiting');
  });

  test('draws one bar per wave, with the canary marked', () => {
    const page = html();

    expect(page).toContain('aria-label="Wave 1 of 2, canary: 1 failed"');
    expect(page).toContain('aria-label="Wave 2 of 2: 3 waiting"');
  });

  test('shows the end of the soak, and a wave that waits for an approval', () => {
    const soaking = aWave({ isCanary: true, phase: 'soaking', soaksUntil: 1_700_000_090_000 });
    const waves = [soaking, aWave({ phase: 'approval' })];

    const shown = text({ rollout: aRolloutView({ state: 'running', waves }) });

    expect(shown).toContain('soaks, ends in 30 s');
    expect(shown).toContain('waits for an approval');
  });

  test('lists decisions with who and why', () => {
    const shown = text();

    expect(shown).toContain('Paused by Skipper');
    expect(shown).toContain('Created by release-check');
  });

  test('has only links below the base path', () => {
    const page = html();

    expect(page).toContain('href="/skipper/status/team-a"');
    expect(page).not.toMatch(/href="\/(status|rollouts|api)/);
  });

  test('has a pager for ten thousand targets, and a table of one page', () => {
    const targets = Array.from({ length: 100 }, (_, index) => aTargetView({ namespace: `ns-${index}` }));
    const counts = someCounts({ pending: 10_000 });

    const page = html({ rollout: aRolloutView({ targets, counts }), selection: { state: '', page: 3 } });

    expect(page.match(/class="target-name"/g)).toHaveLength(100);
    expect(page).toContain('201 to 300 of 10,000');
    expect(page).toMatch(/href="\/skipper\/rollouts\/[^"]*\?page=4#targets"/);
    expect(page.length).toBeLessThan(100_000);
  });

  test('cannot be broken by a reason', () => {
    const rollout = aRolloutView({ stateReason: '</script><script>alert(1)</script>' });

    expect(html({ rollout })).not.toContain('<script>');
  });

  test('shows when it is expected to end', () => {
    const eta = { p50: 1_700_000_120_000, p90: 1_700_000_360_000 };

    expect(text({ rollout: aRolloutView({ state: 'running', eta }) })).toContain(
      'in about 1 min, most likely within 5 min',
    );
  });
});

describe('the dialog of a command', () => {
  function dialog(command: RolloutCommand, checked: readonly string[] = []): string {
    const store = createRolloutStore(aRolloutPage());
    store.checked.value = new Set(checked);
    const open = signal<RolloutCommand | undefined>(command);
    const nothing = () => undefined;
    return renderToString(h(CommandDialog, { store, open, onDone: nothing, onRefused: nothing }));
  }

  test('says what will happen, and needs a reason', () => {
    const page = dialog('pause');

    expect(page).toContain('Nothing new is written.');
    expect(page).toMatch(/<textarea[^>]* required/);
    expect(page).toMatch(/<button type="submit" class="button primary" disabled/);
  });

  test('names what is checked in the table', () => {
    expect(dialog('skip', ['team-b', 'team-c'])).toContain('value="team-b team-c"');
  });

  test('asks for the version only of a rollback', () => {
    expect(dialog('rollback')).toContain('<span>Version</span>');
    expect(dialog('cancel')).not.toContain('<span>Version</span>');
  });
});
