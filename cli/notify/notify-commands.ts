import type { Command } from 'commander';
import { type Act, asClient, exitsAsDocumented } from '../as-client.ts';
import type { ConnectionFlags } from '../connection.ts';
import { EXIT_CODES_HELP } from '../exit-code.ts';
import { outputOption } from '../options.ts';
import { LIST_FORMATS, type ListFormat } from '../output-format.ts';
import type { Io } from '../terminal.ts';

interface TestFlags extends ConnectionFlags {
  readonly output: ListFormat;
  readonly receiver?: string;
}

/** `skipper notify …`. Their code is loaded only when they run. */
export function addNotifyCommands(program: Command, io: Io, act: Act): void {
  const group = program.command('notify').description('list and test the receivers of notifications');
  exitsAsDocumented(group);
  asClient(group.command('list'), 'show the receivers, what each gets, and how the last deliveries ended')
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', EXIT_CODES_HELP)
    .action((flags: ConnectionFlags & { output: ListFormat }) =>
      act(flags, async (client) => {
        const { showReceivers } = await import('./show-receivers.ts');
        return showReceivers(client, flags.output, io);
      }),
    );
  asClient(group.command('test'), 'send a test message, and show whether it was delivered')
    .option('--receiver <name>', 'only to this one; by default to all')
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', EXIT_CODES_HELP)
    .action((flags: TestFlags) =>
      act(flags, async (client) => {
        const { testReceivers } = await import('./test-receivers.ts');
        return testReceivers(client, { receiver: flags.receiver, format: flags.output }, io);
      }),
    );
}
