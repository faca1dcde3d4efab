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

/** What of a pressed key matters. */
export interface Pressed {
  readonly key: string;
  /** Control, Alt or Meta: the browser's own. */
  readonly hasModifier: boolean;
  /** Pressed in something that takes keys itself: a field, a select, a button, a link. */
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

/** Which action a key means; undefined leaves it to the browser. */
export function keyAction({ key, hasModifier, at }: Pressed): KeyAction | undefined {
  if (hasModifier) return undefined;
  const action = Object.hasOwn(ACTIONS, key) ? ACTIONS[key] : undefined;
  // From what was searched for down to what was found.
  if (at === 'search' && (key === 'ArrowDown' || key === 'Enter')) return 'next';
  if (at === 'field' || at === 'search') return action === 'clear' ? action : undefined;
  if (at === 'control' && action === 'open') return undefined;
  return action;
}
