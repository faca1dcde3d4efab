import type { ApiClient } from '../../client/api-client.ts';
import type { RollbackBody } from '../../client/rollout-requests.ts';
import { plural } from '../../domain/plural.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { type WaitChoices, waitForRollout } from '../deploy/wait-command.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { oneLine } from '../text/lines.ts';
import { nameSome } from '../text/name-some.ts';

export interface RollbackChoices extends WaitChoices {
  readonly wait: boolean;
}

/** Starts a rollout to the earlier releases of the namespaces that another one has changed. */
export async function rollBack(
  client: ApiClient,
  { id, body }: { readonly id: string; readonly body: RollbackBody },
  choices: RollbackChoices,
  io: Io,
): Promise<ExitCode> {
  const { format, wait } = choices;
  const output = format === 'table' ? io.out : io.err;
  const rollout = await client.rollBack(id, body);
  for (const line of describeRollback(id, rollout)) output.write(`${line}\n`);
  if (wait) return waitForRollout(client, rollout.id, choices, io);
  if (format !== 'table') await printDocument(rollout, format, io.out);
  else io.out.write(`follow it with: skipper rollout watch ${rollout.id}\n`);
  return EXIT.ok;
}

function describeRollback(from: string, { id, targets, releases }: RolloutView): string[] {
  const left = targets.filter(({ state }) => state === 'cancelled');
  const versions = [...new Set(releases.map(({ version }) => version))];
  const to = versions.length === 0 ? '' : ` to ${nameSome(versions)}`;
  const count = plural(targets.length - left.length, 'namespace');
  return [
    oneLine(`rollout ${id} has started: it rolls rollout ${from} back in ${count}${to}`),
    'Until you release them, these namespaces get no release automatically: skipper release NAMESPACE…',
    ...left.map(({ namespace, reason }) => `  ${namespace} stays: ${oneLine(reason)}`),
  ];
}
