import type { ApiClient } from '../../client/api-client.ts';
import type { RolloutCommand, RolloutCommandBody } from '../../client/rollout-requests.ts';
import type { RolloutCommandView } from '../../domain/rollout/rollout-view.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { oneLine } from '../text/lines.ts';
import { nameSome } from '../text/name-some.ts';

export interface RolloutChange {
  readonly id: string;
  readonly command: RolloutCommand;
  readonly body: RolloutCommandBody;
}

/** Changes a rollout, and says what that did. */
export async function changeRollout(
  client: ApiClient,
  { id, command, body }: RolloutChange,
  format: OutputFormat,
  { out }: Io,
): Promise<ExitCode> {
  const done = await client.commandRollout(id, command, body);
  if (format !== 'table') await printDocument(done, format, out);
  else for (const line of describeChange(done)) out.write(`${line}\n`);
  return EXIT.ok;
}

function describeChange({ id, state, message, left }: RolloutCommandView): string[] {
  const isMoving = state === 'pending' || state === 'running';
  return [
    oneLine(`rollout ${id} ${message}`),
    ...(left.length === 0 ? [] : [oneLine(`left alone: ${nameSome(left)}`)]),
    ...(isMoving ? [`follow it with: skipper rollout watch ${id}`] : []),
  ];
}
