import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { RolloutsPageState } from '../../../../web/rollouts/page-state.ts';
import { parseFilters } from '../../../../web/rollouts/rollout-filters.ts';
import { strategyWords } from '../../../../web/rollouts/rollout-header.tsx';
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
  const held = { holds: [], ignored: [] };
  const state = {
    list,
    held,
    filters: parseFilters(new URLSearchParams()),
    now: 1_700_000_060_000,
    ...overrides,
  };
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

  test('does not invent who asked if Redis has lost it', () => {
    const { targets: _, ...head } = aRolloutView({ trigger: 'unknown', requestedBy: '' });

    expect(html({ list: { rollouts: [head] } })).toContain('Not known: Redis lost its data');
    expect(strategyWords(head)).toBe('Not known');
  });

  test('keeps its filters in the form and in the link to older ones', () => {
    const filters = parseFilters(new URLSearchParams('state=paused&requestedBy=me'));

    const page = html({ filters, list: { rollouts: [], next: 'r9' } });

    expect(page).toMatch(/<option value="paused" selected/);
    expect(page).toContain('value="me"');
    expect(page).toContain('href="/rollouts?state=paused&amp;requestedBy=me&amp;before=r9"');
    expect(page).toContain('No rollouts match.');
  });

  test('lists what operators hold back, by whom and why, with what ends it', () => {
    const hold = { reason: 'rolled back', by: 'jo', at: 1_700_000_000_000, rolloutId: 'r7' };
    const holds = [
      { namespace: 'team-a', ...hold },
      { namespace: 'team-b', ...hold, pin: 'v1' },
    ];
    const ignored = [{ key: 'k', version: 'v3', reason: 'crash-loops', by: 'kim', at: 1_700_000_000_000 }];

    const page = html({ held: { holds, ignored } });
    const text = page.replace(/<[^>]+>/g, '');

    expect(text).toMatch(/Version v3 is ignored, by kim .*: crash-loops/);
    expect(text).toMatch(/team-a is held, by jo .*: rolled back/);
    expect(text).toContain('team-b is pinned to v1, by jo');
    expect(page).toContain('href="/status/team-a"');
    expect(page).toContain('href="/rollouts/r7"');
    expect(text).toContain('Stop ignoring…');
    expect(text).toContain('Release all 2 namespaces…');
    expect(html()).toContain('No namespace is held or pinned');
  });

  test('shows how a first rollout begins', () => {
    expect(html({ list: { rollouts: [] } })).toContain('No rollouts yet.');
  });
});
