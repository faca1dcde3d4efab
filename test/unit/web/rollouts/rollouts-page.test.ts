import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { RolloutsPageState } from '../../../../web/rollouts/page-state.ts';
import { parseFilters } from '../../../../web/rollouts/rollout-filters.ts';
import { createRolloutsStore } from '../../../../web/rollouts/rollout-store.ts';
import { RolloutsPage } from '../../../../web/rollouts/rollouts-page.tsx';
import { aRolloutView } from '../../../support/rollout-builders.ts';

function html(overrides: Partial<RolloutsPageState> = {}): string {
  const { targets: _, ...head } = aRolloutView({
    reason: 'security fix',
    trigger: 'api',
    requestedBy: '10.0.0.1',
  });
  const list = { rollouts: [head] };
  const state = { list, filters: parseFilters(new URLSearchParams()), now: 1_700_000_060_000, ...overrides };
  return renderToString(h(RolloutsPage, { store: createRolloutsStore(state) }));
}

describe('the list of rollouts', () => {
  test('says who asked, why, the release, the state and why it is in it', () => {
    const page = html();

    expect(page).toContain('Requested by 10.0.0.1: security fix');
    expect(page).toMatch(/href="\/rollouts\/[^"]+">v2</);
    expect(page).toContain('Paused');
    expect(page).toContain('1 target of the canary failed');
    expect(page).toContain('aria-label="1 failed · 3 waiting"');
  });

  test('keeps its filters in the form and in the link to older ones', () => {
    const filters = parseFilters(new URLSearchParams('state=paused&requestedBy=me'));

    const page = html({ filters, list: { rollouts: [], next: 'r9' } });

    expect(page).toMatch(/<option value="paused" selected/);
    expect(page).toContain('value="me"');
    expect(page).toContain('href="/rollouts?state=paused&amp;requestedBy=me&amp;before=r9"');
    expect(page).toContain('No rollouts match.');
  });

  test('shows how a first rollout begins', () => {
    expect(html({ list: { rollouts: [] } })).toContain('No rollouts yet.');
  });
});
