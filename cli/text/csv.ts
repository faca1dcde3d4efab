import { CSV_LINE_END, type CsvColumns, toCsv } from '../../domain/to-csv.ts';
import type { Terminal } from '../../shared/terminal.ts';

export function printCsv<Row>(rows: readonly Row[], columns: CsvColumns<Row>, out: Terminal): void {
  for (const line of toCsv(rows, columns)) out.write(`${line}${CSV_LINE_END}`);
}
