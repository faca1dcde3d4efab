import type { Command } from 'commander';
import type { ClusterOptions } from './cluster-options.ts';
import { MAX_NAMESPACES, number, wholeNumber } from './numbers.ts';

const EXAMPLES = `
Examples:
  skipper simulated-cluster --directory /tmp/simulated
  skipper standalone --config-file /tmp/simulated/cluster_config.yaml

The directory gets a kubeconfig, and a config file for Skipper that names it, the release channels and a Redis prefix
of its own. They are removed at the end.`;

/** Adds `skipper simulated-cluster`: what Skipper works on, for a Skipper that is started apart, as in docker-compose.yml. */
export function addClusterCommand(program: Command): void {
  const port = wholeNumber(0, 65_535);
  program
    .command('simulated-cluster')
    .description('a simulated cluster and its release channels, to try Skipper on')
    .requiredOption('--directory <folder>', 'where kubeconfig and cluster_config.yaml are written')
    .option(
      '--namespaces <number>',
      'namespaces of the fleet',
      wholeNumber(1, MAX_NAMESPACES, 'namespaces'),
      20,
    )
    .option('--fail-rate <share>', 'share of namespaces that misbehave, 0 to 1', number(0, 1), 0)
    .option('--release-every <seconds>', 'publish another version every so often', number(1, 86_400))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--advertise-host <host>', 'host that Skipper reaches it by (default: --host)')
    .option('--port <number>', 'port of the Kubernetes API; 0 takes a free one', port, 6443)
    .option('--channel-port <number>', 'port of the release channels; 0 takes a free one', port, 6444)
    .option('--health-port <number>', 'port of /healthz and /readyz; 0 takes a free one', port, 6480)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ClusterOptions) => {
      // Only here: an API or a worker need not carry the simulator.
      const { runCluster } = await import('./run-cluster.ts');
      process.exit(await runCluster(flags, console.log));
    });
}
