import type { Item } from './fleet-list.ts';

/** Pixels, as set in styles/fleet-table.css and fleet-narrow.css; an unfolded line is as high as its text. */
const WIDE = 45;
const CARD = 56;
const CARD_WITH_WORDS = 92;
const GROUP_CARD = 64;

/** The height of a line. Known without measuring, so that scrolling does not need thousands of rendered lines. */
export function lineHeight(item: Item | undefined, isPhone: boolean): number {
  if (!isPhone) return WIDE;
  if (item?.kind === 'group') return GROUP_CARD;
  return item && hasWords(item.row) ? CARD_WITH_WORDS : CARD;
}

/** Has an activity or a cause: a card has two more lines for it. */
export function hasWords({
  activity,
  cause,
}: {
  readonly activity: string;
  readonly cause: string;
}): boolean {
  return activity !== 'idle' || cause !== '';
}
