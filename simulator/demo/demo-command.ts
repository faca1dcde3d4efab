import type { Command } from 'commander';
import { openTerminal } from '../../shared/terminal.ts';
import type { DemoOptions } from './demo-options.ts';
import { MAX_NAMESPACES, number, wholeNumber } from './numbers.ts';

const EXAMPLES = `
Examples:
  skipper demo                                  watch 20 namespaces being brought to their release
  skipper demo --namespaces 200                 a larger fleet; above 1000, the FDDs are simplified
  skipper demo --release-every 30               publish another version every 30 seconds
  skipper demo --fail-rate 0.1                  one namespace in ten has an FDD that does not come up
  skipper demo --once                           deploy all, print the result, end; for scripts
  skipper demo --port 8080                      where the API and the board are
  skipper demo --once --json summary.json       keep the summary in a file, too
  skipper demo --kubeconfig ~/.kube/test        simulated FDDs on a real API server of yours

It needs a Redis: the one that $REDIS_URL names, or a redis-server on this machine (Debian package
redis-server), which it starts on a free port and ends again.`;

/** Adds `skipper demo`: the whole product at work on this machine, against a cluster that is simulated. */
export function addDemoCommand(program: Command, env: Readonly<Record<string, string | undefined>>): void {
  program
    .command('demo')
    .description('see it work here and now, on a simulated cluster')
    .option(
      '--namespaces <number>',
      'namespaces of the fleet',
      wholeNumber(1, MAX_NAMESPACES, 'namespaces'),
      20,
    )
    .option('--release-every <seconds>', 'publish another version every so often', number(1, 86_400))
    .option('--fail-rate <share>', 'share of namespaces that misbehave, 0 to 1', number(0, 1), 0)
    .option('--once', 'deploy everything once, print the result, and end', false)
    .option('--port <number>', 'port of the API (default: 5000 if it is free)', wholeNumber(1, 65_535))
    .option('--json <file>', 'with --once: write the summary to this file, too')
    .option('--kubeconfig <file>', 'run the simulated FDDs on this real API server instead')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: DemoOptions) => {
      // Only here: an API or a worker need not carry the simulator.
      const { runDemo } = await import('./run-demo.ts');
      process.exit(await runDemo(flags, { env, terminal: openTerminal(process.stdout, env) }));
    });
}
