import type { Terminal } from '../shared/terminal.ts';

export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];
export type MachineFormat = Exclude<OutputFormat, 'table'>;

export async function printDocument(document: unknown, format: MachineFormat, out: Terminal): Promise<void> {
  out.write(format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : await toYaml(document));
}

/** One record of a stream: a line of JSON, or a separate YAML document. */
export async function printRecord(record: unknown, format: MachineFormat, out: Terminal): Promise<void> {
  out.write(format === 'json' ? `${JSON.stringify(record)}\n` : `---\n${await toYaml(record)}`);
}

async function toYaml(document: unknown): Promise<string> {
  // Imported only here: it takes as long to load as everything else.
  const { stringify } = await import('yaml');
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}
