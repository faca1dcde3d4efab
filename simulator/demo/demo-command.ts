import { Command } from 'commander';
import type { Environment, Io } from '../../cli/terminal.ts';
import { openTerminal } from '../../shared/terminal.ts';
import type { DemoOptions } from './demo-options.ts';
import { MAX_NAMESPACES, number, wholeNumber } from './numbers.ts';
import { runDemo } from './run-demo.ts';

const EXAMPLES = `
Examples:
  npm run demo                                     watch Skipper bring 20 namespaces to their release
  npm run demo -- --namespaces 200                 a larger fleet; above 1000, the FDDs are simplified
  npm run demo -- --release-every 30               publish another version every 30 seconds
  npm run demo -- --fail-rate 0.1                  one namespace in ten has an FDD that does not start
  npm run demo -- --fail-rate 0.1 --heal           they are repaired, or quarantined: see /healing
  npm run demo -- --heal --notifications r.yaml    people are notified: the receivers of the file
  npm run demo -- --once                           deploy all, print the result, end; for scripts
  npm run demo -- --port 8080                      where the API and the board are
  npm run demo -- --once --json summary.json       also write the summary to a file
  npm run demo -- --kubeconfig ~/.kube/test        simulated FDDs on a real API server of yours

It needs a Redis: the one that $REDIS_URL names, or a redis-server on this machine (Debian package
redis-server), which it starts on a free port and stops at the end.`;

/** The whole product at work on this machine, against a cluster that is simulated. */
export function demoCommand(env: Environment): Command {
  return new Command('npm run demo --')
    .description('Shows Skipper at work on a simulated cluster.')
    .showHelpAfterError('(run npm run demo -- --help)')
    .option(
      '--namespaces <number>',
      'namespaces of the fleet',
      wholeNumber(1, MAX_NAMESPACES, 'namespaces'),
      20,
    )
    .option('--release-every <seconds>', 'publish another version every so often', number(1, 86_400))
    .option('--fail-rate <share>', 'share of namespaces that misbehave, 0 to 1', number(0, 1), 0)
    .option('--heal', 'repair FDDs that are not well, within seconds instead of minutes', false)
    .option('--notifications <file>', 'notify the receivers of this file (docs/notifications.md)')
    .option('--once', 'deploy everything once, print the result, and end', false)
    .option('--port <number>', 'port of the API (default: 5000 if it is free)', wholeNumber(1, 65_535))
    .option('--json <file>', 'with --once: also write the summary to this file')
    .option('--kubeconfig <file>', 'run the simulated FDDs on this real API server instead')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: DemoOptions) => {
      process.exit(await runDemo(flags, openDemoIo(env)));
    });
}

/** Not the CLI's own, which exits when the reader of a pipe ends: the demo has to clean up first. */
function openDemoIo(env: Environment): Io {
  return {
    out: openTerminal(process.stdout, env),
    err: openTerminal(process.stderr, env),
    env,
    now: Date.now,
    confirm: undefined,
    ask: undefined,
  };
}
