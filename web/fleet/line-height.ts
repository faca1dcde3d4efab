import type { Item } from './fleet-list.ts';

/** Pixels, as styles/fleet-table.css and fleet-narrow.css set them; a line that is unfolded is as high as its text. */
const WIDE = 45;
const CARD = 56;
const CARD_WITH_WORDS = 92;
const GROUP_CARD = 64;

/** How high a line is. Known without looking, so that thousands need not be rendered to know how far to scroll. */
export function lineHeight(item: Item | undefined, isPhone: boolean): number {
  if (!isPhone) return WIDE;
  if (item?.kind === 'group') return GROUP_CARD;
  return item && hasWords(item.row) ? CARD_WITH_WORDS : CARD;
}

/** Something is going on, or wrong: a card has two more lines for it. */
export function hasWords({
  activity,
  cause,
}: {
  readonly activity: string;
  readonly cause: string;
}): boolean {
  return activity !== 'idle' || cause !== '';
}
