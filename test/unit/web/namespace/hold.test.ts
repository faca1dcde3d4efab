import { describe, expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import { signal } from '@preact/signals';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { HoldCommand } from '../../../../client/hold-requests.ts';
import type { Hold } from '../../../../domain/rollout/hold.ts';
import { HoldDialog } from '../../../../web/namespace/hold-dialog.tsx';
import { HoldNote } from '../../../../web/namespace/hold-note.tsx';
import { fittingHolds } from '../../../../web/namespace/hold-words.ts';
import { createNamespaceStore } from '../../../../web/namespace/namespace-store.ts';
import { aRow, someDetails } from '../../../support/details-builders.ts';

// The dialog reads the token that the tab keeps.
Object.assign(globalThis, { sessionStorage: { getItem: () => null } });

const HOLD: Hold = { reason: 'a migration', by: '10.0.0.1', at: 1 };

function storeWith(hold: Hold | undefined) {
  const details = someDetails({ row: aRow({ version: 'v1' }) });
  return createNamespaceStore({ details, hold, objects: undefined, feedWorker: '' });
}

function textOf(html: string): string {
  return html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}

describe('the hold of a namespace', () => {
  test('is shown with who and why', () => {
    const note = textOf(renderToString(h(HoldNote, { store: storeWith(HOLD) })));

    expect(note).toContain('Held by 10.0.0.1');
    expect(note).toContain('a migration');
    expect(renderToString(h(HoldNote, { store: storeWith(undefined) }))).toBe('');
  });

  test('is shown with the version of a pin, and the rollout that was taken back', () => {
    const note = renderToString(h(HoldNote, { store: storeWith({ ...HOLD, pin: 'v1', rolloutId: 'r1' }) }));

    expect(textOf(note)).toContain('Pinned to v1');
    expect(note).toContain('href="/rollouts/r1"');
  });

  test('can be released; without one, the namespace can be held or pinned', () => {
    expect(fittingHolds(HOLD)).toEqual(['release']);
    expect(fittingHolds(undefined)).toEqual(['hold', 'pin']);
  });
});

describe('the dialog', () => {
  test.each<[HoldCommand, string]>([
    ['hold', 'New releases are not rolled out to team-a automatically until the hold is released.'],
    ['pin', 'team-a gets no release automatically but v1, until it is released.'],
    ['release', 'The next release check treats team-a as any other'],
  ])('of %s says what it will do', (command, words) => {
    const open = signal<HoldCommand | undefined>(command);

    expect(renderToString(h(HoldDialog, { store: storeWith(undefined), open }))).toContain(words);
  });
});
