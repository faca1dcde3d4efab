import { watchStatus } from '../../cli/status/status-command.ts';
import type { Io } from '../../cli/terminal.ts';
import type { ApiClient } from '../../client/api-client.ts';
import type { Terminal } from '../../shared/terminal.ts';

const WHOLE_FLEET = { namespaces: [], status: [], health: [], channel: [], search: '' };

/** `skipper status --watch`, which shows nothing more after the signal. Rejects if the API cannot be followed. */
export function watchFleet(client: ApiClient, { io, signal }: WatchOptions): Promise<never> {
  const until = (terminal: Terminal): Terminal => ({
    ...terminal,
    write: (text) => {
      if (!signal.aborted) terminal.write(text);
    },
  });
  return watchStatus(client, WHOLE_FLEET, 'table', { ...io, out: until(io.out), err: until(io.err) });
}

export interface WatchOptions {
  readonly io: Io;
  readonly signal: AbortSignal;
}
