import { withIsoTimes } from '../domain/iso-times.ts';
import type { Terminal } from '../shared/terminal.ts';

export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
/** For commands whose result is a list. */
export const LIST_FORMATS = [...OUTPUT_FORMATS, 'csv'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];
export type ListFormat = (typeof LIST_FORMATS)[number];
export type MachineFormat = Exclude<OutputFormat, 'table'>;

export async function printDocument(document: unknown, format: MachineFormat, out: Terminal): Promise<void> {
  const readable = withIsoTimes(document);
  out.write(format === 'json' ? `${JSON.stringify(readable, null, 2)}\n` : await toYaml(readable));
}

/** One record of a stream: a line of JSON, or a separate YAML document. */
export async function printRecord(record: unknown, format: MachineFormat, out: Terminal): Promise<void> {
  const readable = withIsoTimes(record);
  out.write(format === 'json' ? `${JSON.stringify(readable)}\n` : `---\n${await toYaml(readable)}`);
}

async function toYaml(document: unknown): Promise<string> {
  // Imported only here: it takes as long to load as everything else.
  const { stringify } = await import('yaml');
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}
