import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import { signal } from '@preact/signals';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Why } from '../../../../domain/explain/namespace-details.ts';
import { DeployDialog, type OpenDeploy } from '../../../../web/deploy/deploy-dialog.tsx';
import { createNamespaceStore } from '../../../../web/namespace/namespace-store.ts';
import { WhyPanel } from '../../../../web/namespace/why-panel.tsx';
import { NAMESPACE } from '../../../support/builders.ts';
import { aRow, someDetails } from '../../../support/details-builders.ts';

// The dialog reads the token that the tab keeps.
Object.assign(globalThis, { sessionStorage: { getItem: () => null } });

function panel(offer: Why['offer']): string {
  const why: Why = { headline: 'FDD is down.', because: [], remedy: ['Do it.'], health: 'degraded', offer };
  const details = someDetails({ why });
  const store = createNamespaceStore({ details, objects: undefined, feedWorker: '', environmentLabel: '' });
  return renderToString(h(WhyPanel, { store, onBootstrap: () => undefined }));
}

function dialog(overrides: Partial<OpenDeploy>): string {
  const open = signal<OpenDeploy | undefined>({
    scope: { kind: 'one', namespace: NAMESPACE },
    namespaces: [NAMESPACE],
    ...overrides,
  });
  const store = { row: () => aRow(), summary: signal({ namespaces: 1 }) };
  return renderToString(h(DeployDialog, { store, open, onAccepted: () => undefined }));
}

describe('the explanation', () => {
  test('has a button for the bootstrap only if the remedy needs one', () => {
    expect(panel('bootstrap')).toMatch(/<button[^>]*>.*Bootstrap again…<\/button>/s);
    expect(panel(undefined)).not.toContain('<button');
  });

  test('links the rollout that holds the namespace', () => {
    const holds = [{ kind: 'paused', text: 'rollout R1 is paused by jo: lunch', rolloutId: 'R1' }] as const;
    const details = someDetails({ holds: [...holds] });
    const store = createNamespaceStore({ details, objects: undefined, feedWorker: '', environmentLabel: '' });

    expect(renderToString(h(WhyPanel, { store, onBootstrap: () => undefined }))).toContain(
      '<a href="/rollouts/R1">Show the rollout</a>',
    );
  });

  test('opens the dialog with a forced bootstrap', () => {
    expect(dialog({ forceBootstrap: true })).toMatch(/<input type="checkbox" checked/);
    expect(dialog({})).not.toContain('checked');
  });
});
