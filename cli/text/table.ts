import { oneLine, truncate } from './lines.ts';
import type { Paint, Style } from './paint.ts';

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => Cell | string;
  /** Left out if there is no room, or if it is empty; lower numbers are more important. Without it the column always stays. */
  readonly dispensable?: number;
}

const GAP = '  ';
const NOTHING = '-';
/** The last column gets at least this width; if needed, other columns are left out. */
const LAST_COLUMN_AT_LEAST = 28;
const COLUMN_AT_LEAST = 8;

/**
 * Columns like kubectl's, at most `width` characters wide; the last column gets the remaining width. Without a width
 * nothing is truncated.
 */
export function drawTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, paint }: { readonly width: number | undefined; readonly paint: Paint },
): string[] {
  const all = columns.map((column) => ({
    column,
    cells: [{ text: column.heading, style: 'bold' as const }, ...rows.map((row) => toCell(column.cell(row)))],
  }));
  const measured = all.map(({ column, cells }) => ({
    column,
    cells,
    width: cells.reduce((widest, { text }) => Math.max(widest, text.length), 0),
  }));
  const shown = width === undefined ? measured : narrowed(measured, width);
  return Array.from({ length: rows.length + 1 }, (_, index) =>
    shown
      .map((each, position) => {
        const cell = each.cells[index] ?? { text: '' };
        const text = width === undefined ? cell.text : truncate(cell.text, each.width);
        const padding = position === shown.length - 1 ? '' : ' '.repeat(each.width - text.length);
        return paint(text, cell.style) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

interface Measured {
  readonly column: { readonly dispensable?: number };
  readonly cells: readonly Cell[];
  readonly width: number;
}

/** Adds the dispensable columns that fit, then narrows the widest, and gives the last one the rest. */
function narrowed(columns: readonly Measured[], width: number): readonly Measured[] {
  const last = columns.at(-1);
  if (last === undefined) return [];
  const lastAtLeast = Math.min(last.width, LAST_COLUMN_AT_LEAST);
  const missing = (others: readonly Measured[]) =>
    lastAtLeast + others.reduce((sum, each) => sum + each.width + GAP.length, 0) - width;
  let others = columns.slice(0, -1).filter(({ column }) => column.dispensable === undefined);
  const dispensable = columns.filter((each) => each.column.dispensable !== undefined && hasContent(each));
  for (const each of dispensable.toSorted((a, b) => importance(a) - importance(b))) {
    if (missing([...others, each]) <= 0) others = [...others, each];
  }
  while (missing(others) > 0) {
    const widest = Math.max(...others.map((each) => each.width));
    if (widest <= COLUMN_AT_LEAST) break;
    const chosen = others.findIndex((each) => each.width === widest);
    const less = Math.max(COLUMN_AT_LEAST, widest - missing(others));
    others = others.map((each, index) => (index === chosen ? { ...each, width: less } : each));
  }
  const room = Math.max(1, lastAtLeast - missing(others));
  const inOrder = columns.flatMap(({ column }) => others.filter((each) => each.column === column));
  return [...inOrder, { ...last, width: Math.min(last.width, room) }];
}

/** Below the heading. */
function hasContent({ cells }: Measured): boolean {
  return cells.slice(1).some(({ text }) => text !== NOTHING);
}

function importance({ column }: Measured): number {
  return column.dispensable ?? 0;
}

function toCell(cell: Cell | string): Cell {
  const { text, style } = typeof cell === 'string' ? { text: cell } : { ...cell };
  return { text: oneLine(text) || NOTHING, ...(style === undefined ? {} : { style }) };
}
