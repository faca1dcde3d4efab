#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { addClientCommands } from '../cli/client-commands.ts';
import { addCompletionCommands } from '../cli/completion/completion-commands.ts';
import { EXIT } from '../cli/exit-code.ts';
import { openIo } from '../cli/terminal.ts';
import { messageOf, SkipperError } from '../domain/errors.ts';

const SERVICES = [
  { name: 'api', description: 'HTTP in, jobs out: the API, the fleet page and the board', parts: ['api'] },
  { name: 'worker', description: 'jobs in, cluster changes out', parts: ['worker'] },
  { name: 'standalone', description: 'API and worker in one process', parts: ['api', 'worker'] },
] as const;

/** Commands that run on the simulator are started from the sources: the simulator is not in the image. */
const SCRIPTS = { demo: 'npm run demo', 'simulated-cluster': 'npm run simulated-cluster' };

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('skipper')
  .description('Keeps the fiaas-deploy-daemon of every namespace at its release, and verifies it.')
  .version(version)
  // Otherwise the program takes --version away from its commands.
  .enablePositionalOptions()
  .showHelpAfterError('(run skipper --help)');

const io = openIo(process);
addClientCommands(program, io);
await addServices(process.argv);
addScriptHints();
addCompletionCommands(program, io);
for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
  // `skipper status --version` prints the same as `skipper --version`; `skipper pin --version` has a value.
  if (command.options.some(({ long }) => long === '--version')) continue;
  command.addOption(new Option('-V, --version').hideHelp()).on('option:version', printVersion);
}
// Last: the services keep commander's own exit code for wrong usage.
program.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.refused));

try {
  await program.parseAsync();
} catch (error) {
  await fail(error);
}

function printVersion(): void {
  console.log(version);
  process.exit(EXIT.ok);
}

/** Loading the settings takes a moment, loading a service a second: a `skipper status` waits for neither. */
async function addServices(argv: readonly string[]): Promise<void> {
  const needed = [...SERVICES.map(({ name }) => name), 'completion'].some((name) => argv.includes(name));
  const settings = needed ? await import('./setting-options.ts') : undefined;
  for (const { name, description, parts } of SERVICES) {
    const command = program.command(name).description(description);
    settings?.withSettings(command, name).action(async (flags: Record<string, unknown>) => {
      // Read first, to report a mistake immediately.
      const read = settings.settingsFrom(name, flags, process.env);
      const { serve } = await import('./serve.ts');
      await serve({ name, parts, version }, read);
    });
  }
}

function addScriptHints(): void {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    program
      .command(name, { hidden: true })
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => program.error(`skipper: ${name} needs Skipper's sources: run ${script} there`));
  }
}

async function fail(error: unknown): Promise<never> {
  const { ConfigurationError } = await import('../shared/config.ts');
  const expected = error instanceof ConfigurationError || error instanceof SkipperError;
  const message = expected ? messageOf(error) : String(error instanceof Error ? error.stack : error);
  // Not with the console, whose output goes to the log once a service has started.
  process.stderr.write(`skipper: ${message}\n`);
  process.exit(1);
}
