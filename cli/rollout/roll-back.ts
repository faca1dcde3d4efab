import type { ApiClient } from '../../client/api-client.ts';
import type { RollbackBody } from '../../client/rollout-requests.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { oneLine, plural } from '../text/lines.ts';
import { nameSome } from '../text/name-some.ts';

/** Starts a rollout to the earlier releases of the namespaces that another one has changed. */
export async function rollBack(
  client: ApiClient,
  { id, body }: { readonly id: string; readonly body: RollbackBody },
  format: OutputFormat,
  { out }: Io,
): Promise<ExitCode> {
  const rollout = await client.rollBack(id, body);
  if (format !== 'table') await printDocument(rollout, format, out);
  else for (const line of describeRollback(id, rollout)) out.write(`${line}\n`);
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
    `follow it with: skipper rollout watch ${id}`,
  ];
}
