import { type Command, InvalidArgumentError, Option } from 'commander';
import { AUDIT_KINDS, AuditEntry } from '../../domain/audit/audit-entry.ts';
import { AUDIT_FAMILIES } from '../../domain/audit/audit-filter.ts';
import { MOMENT_FORMS, parseMoment } from '../../domain/audit/parse-moment.ts';
import { type Act, asClient } from '../as-client.ts';
import type { ConnectionFlags } from '../connection.ts';
import { CliError, EXIT, EXIT_CODES_HELP } from '../exit-code.ts';
import { outputOption, severalOf } from '../options.ts';
import { LIST_FORMATS, type ListFormat } from '../output-format.ts';
import type { Io } from '../terminal.ts';

const EXAMPLES = `
Examples:
  skipper audit --since 2h                          what happened in the last two hours, newest first
  skipper audit --kind rollout --rollout ROLLOUT    everything about a rollout
  skipper audit --kind namespace.failing --follow   one line for each namespace that fails from now on
  skipper audit --since 7d --limit 500 -o json | jq -r '.entries[] | select(.by != "skipper") | .reason'`;

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

interface AuditFlags extends ConnectionFlags {
  readonly output: ListFormat;
  readonly kind: readonly string[];
  readonly namespace?: string;
  readonly rollout?: string;
  readonly by?: string;
  readonly outcome?: AuditEntry['outcome'];
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly follow?: boolean;
}

/** `skipper audit`. Its code is loaded only when it runs. */
export function addAuditCommand(program: Command, io: Io, act: Act): void {
  asClient(program.command('audit'), 'show who did what, when and why: every action and every decision')
    .addOption(
      severalOf('--kind <kind>', 'only these kinds; rollout means all that begin with it', [
        ...AUDIT_FAMILIES,
        ...AUDIT_KINDS,
      ]),
    )
    .option('--namespace <namespace>', 'only entries about this namespace, or about a rollout that has it')
    .option('--rollout <rollout>', 'only entries about this rollout')
    .option('--by <who>', 'only what this address did; skipper for automatic decisions')
    .addOption(
      new Option('--outcome <outcome>', 'only with this outcome').choices(AuditEntry.shape.outcome.options),
    )
    .addOption(momentOption('--since <time>', 'only what was written since then (2h, 7d, or a time)'))
    .addOption(momentOption('--until <time>', 'only what was written before'))
    .addOption(new Option('--limit <number>', 'how many to show').default(DEFAULT_LIMIT).argParser(limitOf))
    .option('--cursor <cursor>', 'only older entries: what the page before ended with')
    .option('-f, --follow', 'keep running and show every new entry')
    .addOption(outputOption(LIST_FORMATS))
    .addHelpText('after', `${EXAMPLES}\n${EXIT_CODES_HELP}`)
    .action(({ output, follow = false, kind, server, tokenFile, ...rest }: AuditFlags) =>
      act({ server, tokenFile }, async (client) => {
        const request = { ...rest, kind: kind.length === 0 ? undefined : kind.join(',') };
        const { followAudit, showAudit } = await import('./show-audit.ts');
        if (!follow) return showAudit(client, { request, format: output }, io);
        refuseUseless(output, rest);
        return followAudit(client, { request, format: output === 'csv' ? 'table' : output }, io);
      }),
    );
}

function refuseUseless(output: ListFormat, { until, cursor }: Pick<AuditFlags, 'until' | 'cursor'>): void {
  if (output === 'csv') throw new CliError(EXIT.refused, '-o csv is a list: use it without --follow');
  if (until !== undefined || cursor !== undefined)
    throw new CliError(EXIT.refused, '--follow shows new entries: use it without --until and --cursor');
}

function momentOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    if (parseMoment(text, Date.now()) === undefined) throw new InvalidArgumentError(`Use ${MOMENT_FORMS}.`);
    return text;
  });
}

function limitOf(text: string): number {
  const limit = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : 0;
  if (limit === 0 || limit > MAX_LIMIT)
    throw new InvalidArgumentError(`Use a whole number from 1 to ${MAX_LIMIT}.`);
  return limit;
}
