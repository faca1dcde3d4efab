import type { ApiClient } from '../../client/api-client.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';

interface Switch {
  readonly command: 'stop' | 'resume';
  readonly reason: string;
}

const MEANINGS = {
  stop: ['Healing is stopped: nothing is repaired until it is resumed.', 'end it with: skipper heal resume'],
  resume: ['Healing is resumed: what is not well is repaired again within seconds.'],
} as const;

const NOT_STOPPED = ['Healing was not stopped: nothing is resumed.'];

export async function switchHealing(
  client: ApiClient,
  { command, reason }: Switch,
  format: OutputFormat,
  { out }: Io,
): Promise<ExitCode> {
  const answer = await client.commandHealing(command, reason);
  if (format !== 'table') {
    await printDocument(answer, format, out);
    return EXIT.ok;
  }
  const { mode } = answer.status;
  for (const line of answer.isUnchanged ? NOT_STOPPED : MEANINGS[command]) out.write(`${line}\n`);
  if (mode !== 'on')
    out.write(`The mode of healing is ${mode} (--heal ${mode}): nothing is repaired anyway.\n`);
  return EXIT.ok;
}
