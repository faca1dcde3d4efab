import { expect, test } from '@jest/globals';
import '../../../support/fake-one-realm.ts';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { NoticeLines } from '../../../../web/ui/notice-lines.tsx';

test('a notice about paused rollouts links to them', () => {
  const notices = [
    { code: 'rollout_paused', message: 'Rollout R1 is paused.', remedy: 'Read why.' },
    { code: 'auto_update_off', message: 'Auto-update is off.', remedy: 'Deploy.' },
  ] as const;
  const page = renderToString(h(NoticeLines, { notices: [...notices], stale: [] }));

  expect(page.match(/<a href="[^"]*">/g)).toEqual(['<a href="/rollouts?state=paused">']);
});
