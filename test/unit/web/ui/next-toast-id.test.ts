import { expect, test } from '@jest/globals';
import { nextToastId, type Toast } from '../../../../web/ui/toasts.tsx';

test('a toast gets an id that no open one has, also after the first was closed', () => {
  let toasts: readonly Toast[] = [];
  const open = () => {
    toasts = [...toasts, { id: nextToastId(toasts), content: '' }];
  };
  open();
  open();
  toasts = toasts.slice(1);
  open();

  expect(new Set(toasts.map(({ id }) => id)).size).toBe(2);
});
