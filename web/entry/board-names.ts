/** Names for what Bull Board shows as an icon only, so that a screen reader can read it. Runs on the board's own page. */

/** By the beginning of the icon's first shape; the icons are Lucide's. */
const ICON_NAMES: readonly (readonly [beginning: string, name: string])[] = [
  ['M23.99314 6.28305', 'Redis statistics'],
  ['M8 3H5a2 2 0 0 0-2 2v3', 'Full screen'],
  ['M9.671 4.136', 'Settings'],
  ['circle 12 12 10', 'Links'],
  ['circle 12 12 1', 'More actions'],
  ['M15 2h-4a2 2', 'Duplicate'],
  ['M3 12a9 9 0 0 1 9-9', 'Retry'],
  ['M10 11v6', 'Remove'],
  ['rect 14 14', 'Copy'],
  ['M21.174 6.812', 'Edit'],
];
/** Of an icon that this table does not know. */
const OTHER_NAME = 'Action';

function shapeOf(element: Element): string {
  const shape = element.querySelector('path, circle, rect');
  const attributes = { path: ['d'], circle: ['cx', 'cy', 'r'], rect: ['width', 'height'] };
  const tag = shape?.tagName as keyof typeof attributes | undefined;
  if (!shape || !tag) return '';
  const values = attributes[tag].map((name) => shape.getAttribute(name));
  return tag === 'path' ? String(values[0]) : [tag, ...values].join(' ');
}

function nameOf(button: Element): string {
  const shape = shapeOf(button);
  const found = ICON_NAMES.find(([beginning]) =>
    beginning.startsWith('M') ? shape.startsWith(beginning) : shape === beginning,
  );
  return found?.[1] ?? OTHER_NAME;
}

function nameAll(): void {
  for (const button of document.querySelectorAll('button:not([aria-label])')) {
    if (button.textContent?.replace(/\.rds-.*\}/gs, '').trim() === '') {
      button.setAttribute('aria-label', nameOf(button));
    }
  }
  for (const bar of document.querySelectorAll('[role=progressbar]:not([aria-label])')) {
    bar.setAttribute('aria-label', 'Progress');
  }
  // Its label does not have its visible text, so it cannot be spoken.
  for (const link of document.querySelectorAll('a[class^="schedulersLink-"][aria-label]')) {
    link.removeAttribute('aria-label');
  }
  for (const image of document.querySelectorAll('button svg[role=img]')) image.removeAttribute('role');
}

new MutationObserver(nameAll).observe(document.documentElement, { childList: true, subtree: true });
nameAll();
