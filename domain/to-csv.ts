import { withIsoTimes } from './iso-times.ts';

/** The columns of a list are named like its fields, so that spreadsheets and scripts can rely on them. */
export type CsvColumns<Row> = readonly (keyof Row & string)[];

/** RFC 4180: every line ends with CR LF. */
export const CSV_LINE_END = '\r\n';

/** Lines in the format of RFC 4180, without line ends. */
export function toCsv<Row>(rows: readonly Row[], columns: CsvColumns<Row>): string[] {
  const line = (row: Row) => columns.map((name) => field(withIsoTimes(row[name], name))).join(',');
  return [columns.join(','), ...rows.map(line)];
}

/** A spreadsheet would run a text that begins like a formula: an apostrophe marks it as text. */
const FORMULA = /^[=+\-@\t\r]/;

function field(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
