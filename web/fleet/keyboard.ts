export type KeyAction =
  | 'search'
  | 'next'
  | 'previous'
  | 'open'
  | 'check'
  | 'check-range'
  | 'deploy'
  | 'group'
  | 'clear'
  | 'help';

/** The relevant parts of a key press. */
export interface Pressed {
  readonly key: string;
  /** Control, Alt or Meta: reserved for the browser. */
  readonly hasModifier: boolean;
  /** Where it was pressed: a field, a select, a button and a link handle keys themselves. */
  readonly at: 'search' | 'field' | 'control' | 'page';
}

const ACTIONS: Readonly<Record<string, KeyAction>> = {
  '/': 'search',
  j: 'next',
  ArrowDown: 'next',
  k: 'previous',
  ArrowUp: 'previous',
  x: 'check',
  X: 'check-range',
  d: 'deploy',
  g: 'group',
  Escape: 'clear',
  '?': 'help',
  Enter: 'open',
};

/** The action of a key; undefined leaves the key to the browser. */
export function keyAction({ key, hasModifier, at }: Pressed): KeyAction | undefined {
  if (hasModifier) return undefined;
  const action = Object.hasOwn(ACTIONS, key) ? ACTIONS[key] : undefined;
  // From the search field down to the results.
  if (at === 'search' && (key === 'ArrowDown' || key === 'Enter')) return 'next';
  if (at === 'field' || at === 'search') return action === 'clear' ? action : undefined;
  if (at === 'control' && action === 'open') return undefined;
  return action;
}
